//! Who is anonymised, and what is left of them: on stores of the reference schema and of another one.

mod sweep {
    mod agreement;
    mod batches;
    mod calendar;
    mod change;
    mod erasure;
    mod household;
    mod life;
    mod manual;
    mod nothing_left;
    mod oracle;
    mod plan_life;
    mod random;
    mod recheck;
    mod recipients;
    mod rows;
    mod salon;
    mod salon_erasure;
    mod salon_rules;
    mod silent;
    mod together;
    mod two_schemas;
}
