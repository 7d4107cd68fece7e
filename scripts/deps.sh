#!/usr/bin/env bash
# Installs the system packages that building, testing and the demo need, where they are missing. Debian and Ubuntu; elsewhere it says
# what to install. `scripts/deps.sh test` adds what only the tests use, `scripts/deps.sh conformance` what ../shared's validators need.
set -eu

need=()
want() { # want PACKAGE command|/path...: PACKAGE when none of them is there
	local package=$1
	shift
	local thing
	for thing in "$@"; do
		case $thing in
		/*) compgen -G "$thing" >/dev/null && return 0 ;;
		*) command -v "$thing" >/dev/null && return 0 ;;
		esac
	done
	need+=("$package")
}

want gcc gcc
want g++ g++
want libc6-dev /usr/include/stdio.h
want libleptonica-dev /usr/include/leptonica/allheaders.h /opt/homebrew/include/leptonica/allheaders.h /usr/local/include/leptonica/allheaders.h
want libtesseract-dev /usr/include/tesseract/baseapi.h /opt/homebrew/include/tesseract/baseapi.h /usr/local/include/tesseract/baseapi.h
want tesseract-ocr tesseract
want tesseract-ocr-eng '/usr/share/tesseract-ocr/*/tessdata/eng.traineddata' '/usr/share/tessdata/eng.traineddata' '/opt/homebrew/share/tessdata/eng.traineddata'
want tesseract-ocr-osd '/usr/share/tesseract-ocr/*/tessdata/osd.traineddata' '/usr/share/tessdata/osd.traineddata' '/opt/homebrew/share/tessdata/osd.traineddata'
want poppler-utils pdftoppm
case ${1:-} in
test | conformance)
	want openssl openssl
	want unzip unzip
	want libtiff-tools tiffcp
	want libspandsp-dev /usr/include/spandsp.h '/usr/include/*/spandsp.h'
	want libxml2-utils xmllint
	want python3 python3
	;;
esac
case ${1:-} in
conformance)
	want default-jre-headless java
	want libsaxonhe-java /usr/share/java/Saxon-HE.jar
	want perl perl
	;;
esac

[ ${#need[@]} -eq 0 ] && exit 0
if ! command -v apt-get >/dev/null; then
	cat >&2 <<TEXT
refloop needs these and cannot install them on this system: ${need[*]}
  macOS:   brew install tesseract leptonica poppler openssl libtiff && xcode-select --install
  Fedora:  dnf install gcc gcc-c++ tesseract-devel leptonica-devel tesseract-osd tesseract-langpack-eng poppler-utils openssl unzip libtiff-tools libxml2
TEXT
	exit 1
fi
as_root=()
if [ "$(id -u)" -ne 0 ]; then
	command -v sudo >/dev/null || { echo "refloop needs: ${need[*]}; run as root: apt-get update && apt-get install ${need[*]}" >&2; exit 1; }
	as_root=(sudo)
fi
echo "installing: ${need[*]}" >&2
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${need[@]}" >/dev/null
