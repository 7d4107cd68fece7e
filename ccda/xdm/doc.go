// Package xdm writes and reads XDM packages: ZIP files with documents and their XDS metadata, as IHE ITI-32
// "Distribute Document Set on Media" defines them and as Direct mail carries them (ZIP over Email).
//
// [Build] makes a package that strict receivers take: Deflate, explicit folder entries, ISO 9660 names, METADATA.XML in
// ebRIM 3.0 with the schema's order of children, hash, size and URI of each document, INDEX.HTM and README.TXT. Equal
// input gives equal bytes. [Read] takes what real systems send and says what was wrong as warnings; a document whose
// hash does not match, and a ZIP that tries to harm, are errors.
//
// The package holds no other code of this module, does no file or network access, reads no clock and writes no log.
// Left out: multipart documents (a folder per document), digital signatures, encryption of the ZIP.
package xdm
