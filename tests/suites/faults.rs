//! Bad stores: the error says what it is and what to do next, and nothing is lost or half done.

mod faults {
    mod disk;
    mod files;
    mod keys;
    mod locks;
    mod tables;
    mod whole;
}
