//! What leaves the house, opened by the programs that people open it with: Info-ZIP's unzip, 7-Zip, Python's
//! reader of CSV, LibreOffice. None of them knows code of ours.

mod archives {
    mod large;
    mod memory;
    mod opened;
    mod packed;
    mod round_trip;
    mod spreadsheet;
    mod stream;
}
