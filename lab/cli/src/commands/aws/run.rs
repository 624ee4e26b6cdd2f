//! `lab aws run`: how fast are the deployed steps?

use std::io::Write as _;
use std::time::Instant;

use anyhow::{Context as _, Result};
use clap::Args;
use lab_bench::aws::measure::{Measured, Prepared, measurements, send};
use lab_bench::aws::outputs::Deployed;
use lab_bench::aws::plan::Plan;
use lab_bench::measure::Extent;
use lab_bench::target::Target;
use lab_results::conditions::Conditions;
use lab_results::schema::{Method, Place, ResultsFile, Session};
use lab_workspace::Workspace;
use lab_workspace::progress::{Progress, elapsed};

use super::{agree, functions, region};
use crate::commands::arguments::{
    AWS_RESULTS, Consent, Deployment, Label, Output, Rounds, Targets,
};
use crate::commands::output;
use crate::commands::ready::conditions;
use crate::interrupt::{Interrupted, TakenOver};

/// How fast are the deployed steps, cold and warm?
#[derive(Debug, Args)]
pub(super) struct Run {
    #[command(flatten)]
    targets: Targets,
    #[command(flatten)]
    rounds: Rounds,
    #[command(flatten)]
    deployment: Deployment,
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    label: Label,
    #[command(flatten)]
    consent: Consent,
}

impl Run {
    pub(super) async fn run(self) -> Result<()> {
        let workspace = Workspace::load()?;
        let targets = self.targets.choice().targets(&workspace)?;
        let named = &self.targets.names;
        let functions = functions(&workspace, targets, named, &self.deployment)?;
        let facts = workspace.facts()?;
        let extent = self.extent();
        let plan = Plan {
            functions: &functions,
            extent,
        };
        eprintln!("{}", plan.summary(facts)?);
        if self.deployment.dry_run {
            return output::written(write!(std::io::stdout().lock(), "{}", plan.commands()));
        }
        agree(&self.consent)?;
        let kept_in = self.output.results(AWS_RESULTS);
        let results = workspace.root.join(kept_in);
        ResultsFile::prepare(&results, Place::Aws)?;

        let conditions = conditions(&workspace);
        let begin = Instant::now();
        let mut progress = Progress::start("measuring on AWS");
        let prepared = check(&functions, &mut progress).await?;
        let sent = {
            let mut interruption = TakenOver::begin();
            let interrupted = async || interruption.interrupted().await;
            send(&prepared, &extent, &mut progress, interrupted).await?
        };
        let sent = sent.ok_or(Interrupted)?;
        let measured = measurements(&prepared, sent, &mut progress).await?;
        progress.done("");
        let remarks = measured.remarks.clone();
        let session = self.session(conditions, region(&functions), measured);
        let order: Vec<String> = functions
            .iter()
            .map(|(target, _)| target.name.clone())
            .collect();
        output::print(Place::Aws, &session, &order, facts, &self.output)?;
        for remark in &remarks {
            eprintln!("\nREMARK: {remark}");
        }
        eprintln!("\nmeasured in {}", elapsed(begin));
        // After the tables: a full disk takes the file, not what was measured.
        ResultsFile::add(&results, Place::Aws, session)
            .context("the tables above are not in the results file")?;
        eprintln!("results: {}", kept_in.display());
        eprintln!(
            "next: data/results/README.md says how to offer them; `npm run destroy -- all` in infra/ ends the costs"
        );
        Ok(())
    }

    fn extent(&self) -> Extent {
        self.rounds.extent(Extent::FULL, Extent::QUICK)
    }

    fn session(
        &self,
        conditions: Conditions,
        region: Option<String>,
        measured: Measured,
    ) -> Session {
        let extent = self.extent();
        Session {
            conditions: Conditions {
                label: self.label.label.clone(),
                region,
                // This machine only asks.
                machine: None,
                method: Method {
                    quick: self.rounds.quick,
                    rounds: measured.rounds,
                    paced_gap_ms: extent.gap.as_secs_f64() * 1000.0,
                    traces_sampled: measured.traces_sampled,
                    ..Method::default()
                },
                ..conditions
            },
            measurements: measured.measurements,
        }
    }
}

async fn check(functions: &[(Target, Deployed)], progress: &mut Progress) -> Result<Vec<Prepared>> {
    let mut prepared = Vec::new();
    for (target, deployed) in functions {
        progress.update(format!("checking that {} answers", target.name));
        let checked = Prepared::check(target, deployed).await;
        prepared.push(checked.with_context(|| target.name.clone())?);
    }
    Ok(prepared)
}
