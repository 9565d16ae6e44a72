//! unusual plans wait, somebody lets them go or nobody does, and no path leads around it. And who is to be
//! warned before the day.

mod approvals {
    mod approve;
    mod brake;
    mod difference;
    mod every_path;
    mod nights;
    mod warnings;
}
