//! O-2: schedules keep their word, whatever clocks, governments, editors and power cuts do.

mod schedules {
    mod attempts;
    mod book;
    mod change;
    mod clocks;
    mod history;
    mod oracle;
    mod reader;
    mod turns;
}
