//! Holding a dataset against a store.

use std::collections::BTreeMap;
use std::time::Duration;

use lapsed_config::Finding;
use lapsed_dataset::{Dataset, Erasure, Fitted, Survey, judge_sample, judge_subjects};
use lapsed_store::{Store, StoreError};

/// Asks the store everything that the dataset claims about it, samples keys and instants, and gives back a dataset
/// that fits, or what does not.
pub async fn fit<'d>(
    store: &Store,
    dataset: &'d Dataset,
) -> Result<(Option<Fitted<'d>>, Vec<Finding>), StoreError> {
    let mut survey = Survey {
        catalogue: store.catalogue().await?,
        ..Survey::default()
    };
    for query in dataset.queries() {
        let query = &query.value;
        let shape = store.shape(query).await?;
        survey.shapes.insert(query.clone(), shape);
        match ask(store, dataset, query, &mut survey).await {
            Err(StoreError::NoRight(why)) => {
                survey.forbidden.insert(query.clone(), why);
            }
            asked => asked?,
        }
    }
    let (fitted, mut findings) = dataset.fit(survey);
    findings.extend(hiding(store, dataset).await?);
    let Some(fitted) = fitted else {
        return Ok((None, findings));
    };
    let keys = store.rows(&fitted.key_sample()).await?;
    findings.extend(fitted.judge_keys(&keys));
    for (query, sample) in fitted.subject_samples() {
        findings.extend(judge_subjects(query, &keys, &store.rows(&sample).await?));
    }
    for (fact, sample) in fitted.samples() {
        findings.extend(judge_sample(fact, &store.rows(&sample).await?));
    }
    let plausible = !findings.iter().any(Finding::is_error);
    Ok((plausible.then_some(fitted), findings))
}

/// The types of what a query returns, and how the store would look up a person in it.
async fn ask(store: &Store, dataset: &Dataset, query: &str, survey: &mut Survey) -> Result<(), StoreError> {
    if let Some(types) = survey.ask_types(query) {
        survey.know_types(query, &store.rows(&types).await?);
    }
    if let Some(probe) = survey.probe(dataset, query) {
        let plan = store.query_plan(&probe).await?;
        survey.plans.insert(query.to_owned(), plan);
    }
    Ok(())
}

/// What the role does not see is not there for it: a purchase that keeps somebody, or the person. And what it may see it may
/// still not be let change, without an error.
async fn hiding(store: &Store, dataset: &Dataset) -> Result<Option<Finding>, StoreError> {
    let tables = store.hiding_tables().await?;
    if tables.is_empty() {
        return Ok(None);
    }
    let tables: Vec<String> = tables.iter().map(|table| format!("`{table}`")).collect();
    let finding = Finding::error(format!(
        "row-level security decides which rows lapsed sees and changes ({}): whose purchases it does not see would look lapsed, and \
         what it may not change is not erased",
        tables.join(", ")
    ));
    Ok(Some(finding.at(dataset.subject.table.span.clone()).help(
        "let policies leave its role alone: `ALTER ROLE … BYPASSRLS`",
    )))
}

/// Tries the erasure on one person and undoes it, so that constraints, triggers and unique indexes speak before the
/// first night. Says nothing about a store without people.
pub async fn try_erasure(
    store: &Store,
    fitted: &Fitted<'_>,
    how: &Erasure,
) -> Result<Option<Finding>, StoreError> {
    let how = Erasure {
        waits: BTreeMap::new(),
        ..how.clone()
    };
    let (anybody, locks, effects) = (fitted.anybody(), fitted.lock_batch(), fitted.erase(&how));
    let mut tries = 0;
    let refusal = loop {
        match store.try_effects(&anybody, &locks, &effects).await {
            // The platform holds that person at this moment.
            Err(StoreError::Busy) if tries < 10 => tokio::time::sleep(Duration::from_millis(300)).await,
            refusal => break refusal?,
        }
        tries += 1;
    };
    Ok(refusal.map(|refusal| {
        Finding::error(format!("the store refuses the erasure: {refusal}"))
            .at(fitted.dataset().subject.table.span.clone())
            .help("it was tried on one person and undone; change what erasing does to that column, or the constraint")
    }))
}
