//! Who makes and drops databases: a thread with a connection of its own, so that tests with and without a runtime can
//! ask, and nobody waits for what was a test's last wish.

use std::sync::mpsc::{Receiver, Sender, channel};

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _};

/// The way to the thread.
#[derive(Clone, Debug)]
pub(crate) struct Clerk(Sender<Order>);

struct Order {
    sql: String,
    done: Option<Sender<Result<(), String>>>,
}

impl Clerk {
    /// A clerk who connects in this way when first asked.
    pub(crate) fn new(connection: PgConnectOptions) -> Clerk {
        let (sender, orders) = channel();
        std::thread::spawn(move || serve(&connection, &orders));
        Clerk(sender)
    }

    /// Has a statement carried out.
    ///
    /// # Panics
    ///
    /// If the server refuses it.
    pub(crate) fn run(&self, sql: &str) {
        let (sender, answer) = channel();
        let order = Order {
            sql: sql.to_owned(),
            done: Some(sender),
        };
        self.0.send(order).expect("a clerk that listens");
        let answer = answer.recv().expect("a clerk that answers");
        answer.unwrap_or_else(|why| panic!("{sql}: {why}"));
    }

    /// The same, some time later; whether it worked is nobody's concern.
    pub(crate) fn run_later(&self, sql: String) {
        // At the end of the process the clerk may be gone already, and the whole server goes.
        let _ = self.0.send(Order { sql, done: None });
    }
}

fn serve(options: &PgConnectOptions, orders: &Receiver<Order>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let mut connection = None;
    for order in orders {
        let done = runtime.block_on(run(options, &mut connection, &order.sql));
        if let Some(asked) = order.done {
            // Who asked may have panicked meanwhile.
            let _ = asked.send(done);
        }
    }
}

/// A server that crashed and was started again wants a new connection.
async fn run(
    options: &PgConnectOptions,
    connection: &mut Option<PgConnection>,
    sql: &str,
) -> Result<(), String> {
    let on = match connection {
        Some(on) => on,
        None => connection.insert(options.connect().await.map_err(|why| why.to_string())?),
    };
    let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(on).await;
    if done.is_err() {
        *connection = None;
    }
    done.map(|_| ()).map_err(|why| why.to_string())
}
