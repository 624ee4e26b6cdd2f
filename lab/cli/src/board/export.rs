//! The table to keep, for a spreadsheet.

use super::standings::Standings;

/// All places as CSV (RFC 4180), times in µs.
pub fn csv(standings: &Standings) -> String {
    let mut text = "profile,limited,place,who,crate,memory_mb,score_us,work,network_us,p50_us,floor_us,rounds,tries,best_us,first_us,as_fast_as\r\n"
        .to_owned();
    for group in &standings.groups {
        for it in &group.ranked {
            let fields = [
                field(&group.profile),
                group.limited.to_string(),
                it.place.to_string(),
                field(&it.label),
                field(&it.name),
                it.memory_mb.to_string(),
                format!("{:.0}", it.score_us),
                format!("{:.3}", it.work),
                format!("{:.0}", it.network_us),
                format!("{:.0}", it.p50_us),
                format!("{:.0}", it.floor_us),
                it.rounds.to_string(),
                it.tries.to_string(),
                format!("{:.0}", it.best_us),
                format!("{:.0}", it.first_us),
                field(it.as_fast_as.as_deref().unwrap_or_default()),
            ];
            text = text + &fields.join(",") + "\r\n";
        }
    }
    text
}

/// A field of what somebody sent: a spreadsheet computes what begins like a formula, unless an apostrophe stands before it.
fn field(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@']);
    let apostrophe = if formula { "'" } else { "" };
    format!("\"{apostrophe}{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_field_nor_be_computed() {
        assert_eq!(field("a\"b,c"), "\"a\"\"b,c\"");
        assert_eq!(field("=1+1"), "\"'=1+1\"");
    }
}
