/* call SEND.tif RECEIVED.tif ecm|plain NOISE: one fax call on this machine, two T.30 terminals of spandsp back to back.
 * Audio goes both ways in blocks of 20 ms at 8000 samples a second. NOISE is the number of blocks between two bursts of
 * noise on the way to the receiver, 0 for a clean line. Prints the completion codes of both ends and the pages moved. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tiffio.h>
#include <spandsp.h>

#define BLOCK 160
#define MOST_BLOCKS (50 * 60 * 30) /* half an hour on the line */

struct end { int done, code, pages, bad_rows; };

static void finished(t30_state_t *s, void *user, int code)
{
	struct end *e = user;
	t30_stats_t t;

	t30_get_transfer_statistics(s, &t);
	e->done = 1;
	e->code = code;
	e->pages = t.pages_rx > t.pages_tx ? t.pages_rx : t.pages_tx;
}

static int t30_each_page(t30_state_t *s, void *user, int result)
{
	struct end *e = user;
	t30_stats_t t;

	(void) result;
	t30_get_transfer_statistics(s, &t);
	e->bad_rows += t.bad_rows;
	return T30_ERR_OK;
}

static t30_state_t *terminal(fax_state_t *f, const char *number, int ecm, struct end *e)
{
	t30_state_t *s = fax_get_t30_state(f);

	fax_set_transmit_on_idle(f, 1);
	t30_set_tx_ident(s, number);
	t30_set_ecm_capability(s, ecm);
	t30_set_supported_modems(s, T30_SUPPORT_V27TER | T30_SUPPORT_V29 | T30_SUPPORT_V17);
	t30_set_supported_compressions(s, T30_SUPPORT_T4_1D_COMPRESSION | T30_SUPPORT_T4_2D_COMPRESSION | T30_SUPPORT_T6_COMPRESSION);
	t30_set_supported_resolutions(s, T30_SUPPORT_STANDARD_RESOLUTION | T30_SUPPORT_FINE_RESOLUTION);
	t30_set_supported_image_sizes(s, T30_SUPPORT_US_LETTER_LENGTH | T30_SUPPORT_UNLIMITED_LENGTH | T30_SUPPORT_215MM_WIDTH);
	t30_set_phase_e_handler(s, finished, e);
	t30_set_phase_d_handler(s, t30_each_page, e);
	return s;
}

static void carry(fax_state_t *from, fax_state_t *to, int noise, uint32_t *seed)
{
	int16_t audio[BLOCK];
	int i, n = fax_tx(from, audio, BLOCK);

	memset(audio + n, 0, (BLOCK - n) * sizeof audio[0]);
	for (i = 0; noise && i < BLOCK; i++) {
		*seed = *seed * 1664525u + 1013904223u;
		audio[i] = (int16_t) (audio[i] / 2 + (int32_t) (*seed >> 17) - 16384);
	}
	fax_rx(to, audio, BLOCK);
}

int main(int argc, char **argv)
{
	struct end sent = {0}, got = {0};
	uint32_t seed = 1;
	long block;
	int ecm, every;
	fax_state_t *caller, *called;

	if (argc != 5) {
		fprintf(stderr, "usage: call SEND.tif RECEIVED.tif ecm|plain NOISE\n");
		return 2;
	}
	ecm = strcmp(argv[3], "ecm") == 0;
	every = atoi(argv[4]);
	caller = fax_init(NULL, 1);
	called = fax_init(NULL, 0);
	t30_set_tx_file(terminal(caller, "+15550111", ecm, &sent), argv[1], -1, -1);
	t30_set_rx_file(terminal(called, "+15550100", ecm, &got), argv[2], -1);
	for (block = 0; block < MOST_BLOCKS && !(sent.done && got.done); block++) {
		carry(caller, called, every && block % every == every - 1, &seed);
		carry(called, caller, 0, &seed);
	}
	printf("sent %d, received %d, pages %d, bad rows %d, seconds %ld\n", sent.code, got.code, got.pages, got.bad_rows, block / 50);
	fax_free(caller);
	fax_free(called);
	return sent.done && got.done && sent.code == T30_ERR_OK && got.code == T30_ERR_OK ? 0 : 1;
}
