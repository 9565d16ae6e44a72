//! One person after the other.

use std::time::Instant;

use lapsed_jobs::apply::BatchSize;
use lapsed_jobs::explain::person_of;
use lapsed_jobs::export::customer::{Asked, export_customer};
use lapsed_jobs::{JobError, Refusal};

use crate::apart::case;
use crate::shared::theatres::Theatres;

/// Exports so many random people of a store, and nothing of them is kept; answers how long each took, in milliseconds, sorted.
pub(crate) async fn export(theatres: &Theatres, customers: usize, people: usize) -> Vec<f64> {
    let fitted = theatres.fitted().await;
    let (clerk, case) = (theatres.tools(&fitted, BatchSize::Auto).clerk(), case(theatres));
    let asked = Asked {
        by: "the bench",
        way: "command",
        language: None,
        password: None,
    };
    let mut took = Vec::new();
    for number in 0..people {
        let key = somebody(number, customers).to_string();
        let began = Instant::now();
        let person = person_of(&theatres.store, &fitted, &case.workgroup, &case.store_key, &key)
            .await
            .expect("the filler numbers its people");
        let done = export_customer(&clerk, &case, &person, &asked, tokio::io::sink()).await;
        if matches!(&done, Err(JobError::Refused(Refusal::DataGone(..)))) {
            continue; // one of those whom the filler made as if anonymised long ago
        }
        took.push(began.elapsed().as_secs_f64() * 1_000.0);
        let rows = done
            .expect("an archive")
            .files
            .iter()
            .filter_map(|file| file.rows)
            .sum::<u64>();
        assert!(rows > 0, "a customer has a row at least");
    }
    took.sort_by(f64::total_cmp);
    took
}

/// Someone else each time, wherever their rows lie.
fn somebody(number: usize, customers: usize) -> usize {
    number.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29) % customers + 1
}
