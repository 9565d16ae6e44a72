//! The ledger (O-4): whatever is changed in it shows, it names nobody, and no effect is without its entry.

mod ledger {
    mod names_nobody;
    mod tampering;
    mod together;
    mod tricks;
}
