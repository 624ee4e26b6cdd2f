//! `/_lab/faults`: the services' faults, switched while the function is called.
//!
//! `GET /_lab/faults`, `PUT /_lab/faults/cache=down`, `DELETE /_lab/faults/cache`, `DELETE /_lab/faults`.

use anyhow::{Result, bail};
use axum::http::Method;
use serde_json::json;

use super::{Answer, Served, json_answer};
use lab_bench::faults::on_demand::Part;

/// Answers with the faults that are on, or with what was wrong with the request.
pub(super) async fn answer(served: &Served, method: &Method, path: &str) -> Answer {
    let Some(fault) = path.strip_prefix("faults") else {
        let message = format!("there is no /_lab/{path}: there is /_lab/faults");
        return json_answer(404, &json!({ "message": message }));
    };
    let fault = fault.trim_matches('/').replace("%3D", "=");
    match switch(served, method, &fault).await {
        Ok(()) => {
            let on = served.switches.on().await;
            json_answer(200, &json!({ "faults": on }))
        }
        Err(error) => json_answer(400, &json!({"message": format!("{error:#}")})),
    }
}

async fn switch(served: &Served, method: &Method, fault: &str) -> Result<()> {
    let Served {
        target,
        service,
        lab,
        switches,
        ..
    } = served;
    match (method.as_str(), fault) {
        ("GET", "") => return Ok(()),
        ("PUT", fault) => {
            let fault = fault.parse().map_err(anyhow::Error::msg)?;
            switches.switch_on(fault, target, lab, service).await?;
            eprintln!("fault on: {fault}");
        }
        ("DELETE", "") => {
            switches.switch_off(lab, None).await?;
            eprintln!("all faults off");
        }
        ("DELETE", fault) => {
            let name = fault.split('=').next().unwrap_or_default();
            let found = Part::ALL.into_iter().find(|it| it.as_str() == name);
            let Some(service) = found else {
                bail!(
                    "there is no service {name:?}: there are parameters, database, cache and upstreams"
                );
            };
            switches.switch_off(lab, Some(service)).await?;
            eprintln!("fault off: {name}");
        }
        _ => bail!(
            "GET /_lab/faults, PUT /_lab/faults/cache=down, DELETE /_lab/faults/cache, DELETE /_lab/faults"
        ),
    }
    Ok(())
}
