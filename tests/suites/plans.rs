//! The cost of a sweep follows the workgroup and the batch, not the store.

mod theatres;

use chrono::TimeDelta;
use lapsed_dataset::{Fitted, Question};
use lapsed_jobs::apply::erasure;
use lapsed_jobs::retention::Case;
use lapsed_model::{Clock, Statement, Value, Way};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, Connection, Row, SqliteConnection};
use theatres::Theatres;

#[tokio::test]
async fn show() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.db");
    let theatres = Theatres::build(&path, 2_000, 4).await;
    let fitted = theatres.fitted().await;
    let case = &theatres.cases()[0];
    let options = SqliteConnectOptions::new().filename(&path);
    let mut c = SqliteConnection::connect_with(&options).await.expect("c");
    sqlx::raw_sql(include_str!("../../daemon/lapsed-store/sql/batch.sql"))
        .execute(&mut c)
        .await
        .expect("batch");
    let bounds = case.bounds(theatres.clock.now());
    let switches = lapsed_model::Switch::ALL;
    let question = Question {
        workgroup: &case.store_key,
        bounds: &bounds,
        switches: &switches,
    };
    let how = erasure(case, Way::Automatic, theatres.clock.now());
    let mut all = vec![
        fitted.count(&question),
        fitted.save(&question, "p"),
        fitted.recheck(&question, true),
        fitted.out_of_reach(&question),
        fitted.read_batch(),
    ];
    all.extend(fitted.erase(&how));
    all.extend(fitted.find_overdue(&case.store_key, &how, 500));
    all.extend(fitted.clear_overdue(&how));
    for analyse in [false, true] {
        if analyse {
            sqlx::raw_sql("ANALYZE").execute(&mut c).await.unwrap();
        }
        for s in &all {
            println!("──── {}", s.sql);
            let mut q = sqlx::query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {}", s.sql)));
            for b in &s.binds {
                q = match b {
                    Value::Integer(n) => q.bind(*n),
                    Value::Text(t) => q.bind(t.as_str()),
                    Value::Real(r) => q.bind(*r),
                    Value::Null => q.bind(None::<i64>),
                };
            }
            let rows = q.fetch_all(&mut c).await.expect("eqp");
            for r in rows {
                println!(
                    "   {:>4} {:>4} {}",
                    r.get::<i64, _>(0),
                    r.get::<i64, _>(1),
                    r.get::<String, _>("detail")
                );
            }
        }
    }
}
