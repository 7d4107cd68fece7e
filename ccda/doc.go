// Package ccda writes and reads C-CDA documents: HL7 CDA R2 clinical documents under the US Realm
// "Consolidated CDA Templates for Clinical Notes".
//
// [Write] produces Release 2.1 (2015-08-01 templates, each with its Release 1.1 twin): Referral Note, Consultation
// Note, Continuity of Care Document and Unstructured Document. Output depends on the [Document] alone: no clock, no
// random number; equal documents give equal bytes. [Read] takes any C-CDA from R1.1 to R4, C32 and free CDA as far as
// they share sections, and keeps what it does not understand ([Document].Rest). [Check] holds a document against the
// same table of sections ([SectionSpecs]) that the writer and the reader use.
//
// A consultation report is the clinician's own note: [WrapNote] puts it, unchanged, into a Consultation Note. Text
// becomes the words of a Note Activity; a PDF travels whole in the text of the Note Activity, and should lie beside the
// document in the package too. The sections that the standard demands then say nullFlavor NI and where to look.
//
// What the reader cannot map stays in Document.Rest byte for byte. Write does not write Rest: a part that nobody here
// understands may contradict what is written beside it, refers to narrative that is made anew, and can make the
// document invalid; who must pass a document on whole passes on its bytes. [WriteText] gives a page for a person. The
// reader has its own small XML reader: encoding/xml needs longer for the tokens than this package for the whole document.
//
// Left out: CDA digital signatures, Release 3 and later on the writing side, checking codes against terminologies.
// The package reads no clock, file or network and writes no log; its errors carry no patient data.
package ccda
