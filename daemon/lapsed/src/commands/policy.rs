//! `lapsed policy list|show`: every policy that was ever in force (D-3)

use std::path::Path;

use lapsed_model::TenantName;
use serde_json::json;

use crate::cli::{PolicyArgs, PolicyCommand};
use crate::failure::{Failure, Result};
use crate::installation::Installation;
use crate::output::Output;

/// Lists a tenant's policies, or prints one.
pub(crate) async fn run(config: &Path, args: &PolicyArgs, out: &Output) -> Result {
    let installation = Installation::open(config, out).await?;
    match &args.command {
        PolicyCommand::List { tenant } => list(&installation, tenant, out).await,
        PolicyCommand::Show { tenant, version } => show(&installation, tenant, version, out).await,
    }
}

async fn list(installation: &Installation, tenant: &TenantName, out: &Output) -> Result {
    let policies = installation.store.policies(tenant).await?;
    if policies.is_empty() {
        out.line(format!("no policy of `{tenant}` was ever in force here"));
    }
    let plans = installation.store.plans(tenant).await?;
    let row = |policy: &lapsed_store::PolicyVersion| {
        let made = plans
            .iter()
            .filter(|plan| plan.policy.to_string() == policy.hash)
            .count();
        vec![
            policy.hash[..12].to_owned(),
            policy.in_force_from.format("%Y-%m-%d %H:%M:%S").to_string(),
            made.to_string(),
        ]
    };
    out.table(
        &["POLICY", "IN FORCE FROM (UTC)", "PLANS"],
        policies.iter().map(row).collect(),
        &[2],
    );
    for policy in &policies {
        out.object(
            &json!({ "tenant": tenant, "policy": policy.hash, "in_force_from": policy.in_force_from }),
        );
    }
    Ok(())
}

async fn show(installation: &Installation, tenant: &TenantName, version: &str, out: &Output) -> Result {
    let hash = match installation.store.plan(version).await {
        Ok(plan) if plan.workgroup.tenant == *tenant => plan.policy.to_string(),
        _ => version.to_owned(),
    };
    let policies = installation.store.policies(tenant).await?;
    let mut found = policies.iter().filter(|policy| policy.hash.starts_with(&hash));
    match (found.next(), found.next()) {
        (Some(policy), None) => {
            if !policy.is_genuine() {
                return Err(Failure::because(format!(
                    "the text of policy {} was edited in the store and is not the one that was in force",
                    policy.hash
                )));
            }
            if out.is_json() {
                out.object(policy);
            } else {
                out.raw(&policy.text);
            }
            Ok(())
        }
        (Some(_), Some(_)) => Err(Failure::because(format!(
            "`{version}` is the beginning of several: write more of it"
        ))),
        (None, _) => Err(Failure::because(format!(
            "`{tenant}` never had a policy `{version}`: `lapsed policy list {tenant}`"
        ))),
    }
}
