package fax

// Turn returns the page turned clockwise by 0, 90, 180 or 270 degrees; other angles count as the nearest lower of these.
// With 0 the result is m itself.
func (m *Bitmap) Turn(degrees int) *Bitmap {
	switch ((degrees%360 + 360) % 360) / 90 {
	case 1:
		return m.transpose(true)
	case 2:
		return m.upsideDown()
	case 3:
		return m.transpose(false)
	}
	return m
}

func (m *Bitmap) upsideDown() *Bitmap {
	t := NewBitmap(m.Width, m.Height)
	for y := range m.Height {
		row, dst := m.Row(y), t.Row(m.Height-1-y)
		for x := range m.Width {
			if row[x>>3]&(0x80>>(x&7)) != 0 {
				to := m.Width - 1 - x
				dst[to>>3] |= 0x80 >> (to & 7)
			}
		}
	}
	return t
}

// transpose turns by a quarter, clockwise or not.
func (m *Bitmap) transpose(clockwise bool) *Bitmap {
	t := NewBitmap(m.Height, m.Width)
	for y := range m.Height {
		row := m.Row(y)
		to := y
		if clockwise {
			to = m.Height - 1 - y
		}
		mask := byte(0x80) >> (to & 7)
		for x := range m.Width {
			if row[x>>3] == 0 {
				continue
			}
			if row[x>>3]&(0x80>>(x&7)) != 0 {
				line := x
				if !clockwise {
					line = m.Width - 1 - x
				}
				t.Bits[line*t.Stride+to>>3] |= mask
			}
		}
	}
	return t
}

// Stretch returns the page with every pixel repeated across times in x and down times in y. With 1, 1 it is m itself.
func (m *Bitmap) Stretch(across, down int) *Bitmap {
	if across <= 1 && down <= 1 {
		return m
	}
	across, down = max(across, 1), max(down, 1)
	t := NewBitmap(m.Width*across, m.Height*down)
	for y := range m.Height {
		dst := t.Row(y * down)
		if across == 1 {
			copy(dst, m.Row(y))
		} else {
			runs := changes(nil, m.Row(y), m.Width)
			for i := 0; i < len(runs); i += 2 {
				hi := m.Width
				if i+1 < len(runs) {
					hi = runs[i+1]
				}
				fillRun(dst, runs[i]*across, hi*across)
			}
		}
		for i := 1; i < down; i++ {
			copy(t.Row(y*down+i), dst)
		}
	}
	return t
}

// StretchRows returns the page with height rows, rows repeated or left out evenly.
func (m *Bitmap) StretchRows(height int) *Bitmap {
	t := NewBitmap(m.Width, height)
	for y := range height {
		copy(t.Row(y), m.Row(y*m.Height/height))
	}
	return t
}

// Median returns the page after a 3 x 3 median filter: a pixel is black when at least five of its nine neighbours
// (itself included) are. It removes specks, which bar code readers cannot bear.
func (m *Bitmap) Median() *Bitmap {
	t := NewBitmap(m.Width, m.Height)
	columns := make([]uint8, m.Width+2) // black pixels in each column of three rows
	for y := range m.Height {
		clear(columns)
		for dy := -1; dy <= 1; dy++ {
			if y+dy < 0 || y+dy >= m.Height {
				continue
			}
			row := m.Row(y + dy)
			for i, b := range row {
				if b == 0 {
					continue
				}
				for bit := range min(8, m.Width-i*8) {
					columns[i*8+bit+1] += b >> (7 - bit) & 1
				}
			}
		}
		dst := t.Row(y)
		for x := range m.Width {
			if columns[x]+columns[x+1]+columns[x+2] >= 5 {
				dst[x>>3] |= 0x80 >> (x & 7)
			}
		}
	}
	return t
}
