//! Legal holds and people's requests (D-2): every way honours a hold, nobody is forgotten when one is gone, and what
//! people ask for is answered in time.

mod holds {
    mod dataset;
    mod explained;
    mod honoured;
    mod judged_again;
    mod meanwhile;
    mod names_nobody;
    mod office;
    mod random;
    mod refused;
    mod requests;
    mod runs;
    mod somebody_else;
    mod unanswered;
}
