//! `lapsed demo [DIR]`: the main job on a folder that a newcomer can look into.

use std::fs;
use std::path::Path;

use anyhow::Context;
use chrono::{DateTime, Utc};
use lapsed_jobs::approvals::look;
use lapsed_jobs::explain::explain;
use lapsed_jobs::retention::{Case, list, preview};
use lapsed_model::{
    Approved, Bounds, Clock, Dialect, Language, Plan, Statement, SystemChance, SystemClock, Value, Workgroup,
};
use lapsed_store::StoreError;
use serde_json::json;

use crate::cli::{CheckArgs, DemoArgs, ExportArgs, ExportCommand, ExportHow, LedgerArgs, LedgerCommand};
use crate::commands::init::{POLICIES, key_id, with_schema, write_new};
use crate::commands::{apply, approve, check, explain as explained, export, ledger, plan, schema};
use crate::credentials::write_new_key_ring;
use crate::failure::{Failure, Result};
use crate::hands::Hands;
use crate::installation::{Installation, read_settings, reference_schema};
use crate::output::{Output, number};

/// The filler: invented people, the same for the same seed.
fn fill_script(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite => include_str!("../../../../config/demo/sqlite.sql"),
        Dialect::Postgres => include_str!("../../../../config/demo/postgres.sql"),
    }
}

/// By which a folder is recognised that an earlier demo made, and may be made anew.
const MARK: &str = ".lapsed-demo";

/// The platform's workgroups: key, kind and relative size, and whose they are by the settings.
const WORKGROUPS: [(&str, &str, &str, i64); 5] = [
    (
        "stadttheater/grosses-haus",
        "stadttheater/grosses-haus",
        "theatre",
        45,
    ),
    ("stadttheater/studio", "stadttheater/studio", "theatre", 15),
    ("stadttheater-abo", "stadttheater/abonnement", "theatre", 10),
    ("salon-lumiere/bellecour", "salon-lumiere/bellecour", "salon", 18),
    (
        "salon-lumiere/croix-rousse",
        "salon-lumiere/croix-rousse",
        "salon",
        12,
    ),
];

/// Makes the folder, then plans, explains, carries out and verifies in it.
pub(crate) async fn run(args: &DemoArgs, language: Language, out: &Output) -> Result {
    let now = SystemClock.now();
    out.line(format!(
        "lapsed demo: {} invented customers of a theatre in Vienna and a salon in Lyon, in {}",
        number(args.customers.into()),
        args.dir.display()
    ));
    let config = make_folder(args)?;
    fill(&config, args, now, out).await?;

    out.heading(
        "1. Check: settings, policies with the tenants' own examples, and the dataset against the store",
    );
    let command = |words: &str| out.line(format!("   lapsed --config {} {words}\n", config.display()));
    command("check");
    check::run(&config, &CheckArgs { paths: Vec::new() }, out).await?;

    let installation = Installation::open(&config, out).await?;
    let fitted = installation.fit(out).await?;
    let keys = installation.keys()?;
    let house: Workgroup = "stadttheater/grosses-haus".parse().map_err(anyhow::Error::from)?;
    let branch: Workgroup = "salon-lumiere/croix-rousse"
        .parse()
        .map_err(anyhow::Error::from)?;
    let mut done = Vec::new();

    out.heading("2. Plan: who lapsed, and by which rule. Nobody is changed yet");
    let mut plans = Vec::new();
    for workgroup in [&house, &branch] {
        let policy = installation.policy(&workgroup.tenant, out)?;
        let case = installation.case(workgroup, &policy)?;
        let bounds = case.bounds(installation.now());
        command(&format!("plan {workgroup} --save"));
        plan::show(
            &case,
            &fitted,
            &preview(&installation.store, &fitted, &case, bounds).await?,
            language,
            out,
        );
        out.line("");
        plans.push(installation.save_plan(&fitted, &case, bounds).await?);
    }

    out.heading("3. Explain: why one customer is anonymised, and another one is kept until when");
    let policy = installation.policy(&house.tenant, out)?;
    let case = installation.case(&house, &policy)?;
    for customer in [
        first_due(&installation, &fitted, &case).await?,
        first_kept(&installation, &fitted, &case).await?,
    ]
    .into_iter()
    .flatten()
    {
        command(&format!("explain {house} {customer}"));
        let answer = explain(
            &installation.store,
            &fitted,
            &case,
            &customer,
            installation.now(),
            language,
        )
        .await?;
        explained::show(&answer, policy.zone, out);
        out.line("");
    }

    out.heading("4. Approve: the first plan of a workgroup waits until somebody has looked at it");
    for plan in &plans {
        command(&format!(
            "approve {} --by demo --reason \"the first plan, looked at\"",
            plan.id
        ));
        approve_first(&installation, plan, out).await?;
        out.line("");
    }

    out.heading(
        "5. Apply: the plans are carried out, batch by batch, and everybody is judged once more first",
    );
    let hands = Hands::take(&installation, &fitted, &keys, "lapsed demo", out).await?;
    for plan in &plans {
        let policy = installation.policy(&plan.workgroup.tenant, out)?;
        let case = installation.case(&plan.workgroup, &policy)?;
        command(&format!("apply {}", plan.id));
        let progress = apply::carry_out(&hands.tools(), &case, plan, out).await?;
        apply::show(plan, &progress, out)?;
        done.push(progress.anonymised);
    }

    hands.leave(out).await?;

    out.heading("6. Export: everything about one customer, for a person who asks, and a workgroup's files");
    if let Some(customer) = first_kept(&installation, &fitted, &case).await? {
        let to = args.dir.join("your-data.zip");
        command(&format!(
            "export customer {house} {customer} --to {}",
            to.display()
        ));
        let customer = ExportCommand::Customer {
            workgroup: house.clone(),
            customer,
            to: Some(to),
            readme: None,
            how: by_the_demo(),
        };
        export::run(&config, &ExportArgs { command: customer }, out).await?;
        out.line("");
    }
    command(&format!("export workgroup {house}"));
    let of_workgroup = ExportCommand::Workgroup {
        workgroup: house.clone(),
        to: None,
        only_with_consent: None,
        event: None,
        how: by_the_demo(),
    };
    export::run(
        &config,
        &ExportArgs {
            command: of_workgroup,
        },
        out,
    )
    .await?;

    out.heading("7. Ledger: everything that was done, chained and sealed, with pseudonyms for people");
    command("ledger verify");
    let verify = LedgerArgs {
        command: LedgerCommand::Verify { against: None },
    };
    ledger::run(&config, &verify, out).await?;

    next_commands(&config, &house, out);
    out.object(
        &json!({ "folder": args.dir, "customers": args.customers, "seed": args.seed, "anonymised": done }),
    );
    installation.store.close().await;
    Ok(())
}

fn by_the_demo() -> ExportHow {
    ExportHow {
        profile: None,
        lock: false,
        password_file: None,
        by: Some("demo".to_owned()),
    }
}

/// Makes the folder with settings, policies, schemas and keys; one that an earlier demo made is made anew.
fn make_folder(args: &DemoArgs) -> Result<std::path::PathBuf> {
    let dir = args.dir.as_path();
    let is_ours = dir.join(MARK).exists();
    let is_empty = fs::read_dir(dir).map_or(true, |mut entries| entries.next().is_none());
    if !is_ours && !is_empty {
        return Err(Failure::because(format!(
            "{} is not empty and no demo's: name another folder",
            dir.display()
        )));
    }
    if is_ours {
        fs::remove_dir_all(dir)
            .with_context(|| format!("cannot remove the earlier demo in {}", dir.display()))?;
    }
    let mut settings = format!(
        "# The settings of the demo. `lapsed init` writes them commented in full.\n\n\
         [store]\nurl = \"{}\"\n\n[journal]\n\
         # In real life the second one lies on another disk.\n\
         folders = [\"journal\", \"journal-elsewhere\"]\n\n[workgroups]\n",
        args.store
    );
    for (key, workgroup, ..) in WORKGROUPS.iter().filter(|(key, workgroup, ..)| key != workgroup) {
        settings.push_str(&format!("\"{key}\" = \"{workgroup}\"\n"));
    }
    write_new(
        &dir.join(MARK),
        "`lapsed demo` made this folder, and makes it anew.\n",
    )?;
    write_new(&dir.join("lapsed.toml"), &settings)?;
    write_new(
        &dir.join("schemas/policy.json"),
        &schema::text(crate::cli::SchemaFile::Policy),
    )?;
    for (tenant, policy) in POLICIES {
        write_new(&dir.join(format!("tenants/{tenant}.toml")), &with_schema(policy))?;
    }
    write_new_key_ring(&dir.join("credentials/pseudonym-keys"), &key_id(), &SystemChance)?;
    Ok(dir.join("lapsed.toml"))
}

/// Fills the store as a platform would have over the years.
async fn fill(config: &Path, args: &DemoArgs, now: DateTime<Utc>, out: &Output) -> Result {
    let bar = out.waiting("inventing customers");
    let store = crate::stores::create(&read_settings(config, out)?).await;
    let store = store.map_err(with_a_password)?;
    store.migrate().await?;
    store
        .create_reference_schema(reference_schema(store.dialect()))
        .await?;
    let zone = chrono_tz::Europe::Vienna;
    let today = lapsed_model::day_start(zone, Bounds::today(now, zone));
    let statement = |sql: &str, binds: Vec<Value>| Statement {
        sql: sql.to_owned(),
        binds,
    };
    let mut inputs = vec![
        statement(
            "CREATE TEMP TABLE demo (customers BIGINT, today BIGINT, seed BIGINT)",
            Vec::new(),
        ),
        statement(
            "CREATE TEMP TABLE demo_workgroup (position BIGINT, key TEXT, tenant TEXT, name TEXT, kind TEXT, \
             language TEXT, country TEXT, share BIGINT)",
            Vec::new(),
        ),
        statement(
            "INSERT INTO demo VALUES ($1, $2, $3)",
            vec![
                i64::from(args.customers).into(),
                today.timestamp_millis().into(),
                args.seed.into(),
            ],
        ),
    ];
    for (position, (key, workgroup, kind, share)) in (0_i64..).zip(WORKGROUPS) {
        let (tenant, name) = workgroup
            .split_once('/')
            .expect("the workgroups above are written TENANT/WORKGROUP");
        let (language, country) = if kind == "theatre" {
            ("de", "AT")
        } else {
            ("fr", "FR")
        };
        let row = [key, tenant, name, kind, language, country].map(Value::from);
        let binds = [position.into()]
            .into_iter()
            .chain(row)
            .chain([share.into()])
            .collect();
        inputs.push(statement(
            "INSERT INTO demo_workgroup VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            binds,
        ));
    }
    store.run_script(&inputs, fill_script(store.dialect())).await?;
    store.close().await;
    bar.finish_and_clear();
    Ok(())
}

/// A demo makes its folder, so that no credential can lie there before.
fn with_a_password(refused: Failure) -> Failure {
    match refused {
        Failure::Store(why @ (StoreError::NoPassword(_) | StoreError::NotLetIn(_))) => {
            Failure::because(format!(
                "{why}. The demo makes its folder itself: give it the password as PGPASSWORD in the environment, or go through the \
             server's socket, `--store postgres://ROLE@%2Fvar%2Frun%2Fpostgresql/DATABASE`"
            ))
        }
        other => other,
    }
}

/// Shows why a plan waits, and lets it go: the next step of the demo carries it out.
async fn approve_first(installation: &Installation, plan: &Plan, out: &Output) -> Result {
    let Some(waiting) = look(&installation.store, plan).await? else {
        return Ok(());
    };
    approve::show(&waiting, out);
    let approved = Approved {
        at: installation.now(),
        by: "demo".to_owned(),
        reason: "the first plan, looked at".to_owned(),
    };
    approve::let_go(installation, plan, &approved, false).await?;
    Ok(())
}

async fn first_due(
    installation: &Installation,
    fitted: &lapsed_dataset::Fitted<'_>,
    case: &Case<'_>,
) -> Result<Option<String>> {
    let due = list(&installation.store, fitted, case, case.bounds(installation.now())).await?;
    Ok(due.first().map(|(key, _)| key.to_string()))
}

/// Somebody who is kept now and due one day: the date is what makes a newcomer understand.
async fn first_kept(
    installation: &Installation,
    fitted: &lapsed_dataset::Fitted<'_>,
    case: &Case<'_>,
) -> Result<Option<String>> {
    for key in 1..=200_i64 {
        let key = key.to_string();
        let Ok(answer) = explain(
            &installation.store,
            fitted,
            case,
            &key,
            installation.now(),
            Language::En,
        )
        .await
        else {
            continue;
        };
        if answer.answer == lapsed_jobs::explain::Answer::Kept && answer.next_change.is_some() {
            return Ok(Some(key));
        }
    }
    Ok(None)
}

fn next_commands(config: &Path, house: &Workgroup, out: &Output) {
    out.heading("Try next");
    out.line(format!("   export LAPSED_CONFIG={}", config.display()));
    for (words, says) in [
        (
            "plan stadttheater/studio --customers",
            "who would be anonymised there, one by one",
        ),
        ("find stadttheater gruber", "people by name, number or contact"),
        (
            &format!("explain {house} CUSTOMER --at 2030-01-01T00:00:00Z"),
            "what the answer will be",
        ),
        (
            "anonymise stadttheater/studio CUSTOMER",
            "the manual way: shows what is open, and asks",
        ),
        (
            "ledger show stadttheater",
            "what was done, when, and by which rule",
        ),
        (
            "export list stadttheater",
            "which files there are, and for how long",
        ),
        ("policy list stadttheater", "every policy that was ever in force"),
    ] {
        out.line(format!("   lapsed {words:<58} # {says}"));
    }
    out.line(format!(
        "\n   Edit {} and run `lapsed check`.",
        config.with_file_name("tenants/stadttheater.toml").display()
    ));
}
