//! `lab`: measures how fast each step of the workshop is, on this machine, without an AWS account.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use lab::interrupt::{Interrupted, interrupted};
use lab::{commands, scope};

/// Measures how fast each step of the workshop is, on this machine, without an AWS account.
#[derive(Debug, Parser)]
#[command(
    name = "cargo lab",
    bin_name = "cargo lab",
    version,
    arg_required_else_help = true
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(commands::run::Run),
    Faults(commands::faults::Faults),
    Load(commands::load::Load),
    Ceiling(commands::ceiling::Ceiling),
    Serve(commands::serve::Serve),
    Tune(commands::tune::Tune),
    Trace(commands::trace::TraceCommand),
    Compare(commands::compare::Compare),
    Board(commands::board::BoardCommand),
    New(commands::new::New),
    Aws(commands::aws::Aws),
    Doctor(commands::doctor::Doctor),
}

/// Exit code after Ctrl-C, by the shells' convention of 128 and the signal's number.
const INTERRUPTED: u8 = 130;

/// Exit code where the command line is not understood, as clap has it.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let Some(answer) = commands::moved::answer(&words) {
        eprintln!("error: {answer}");
        return ExitCode::from(USAGE);
    }
    let arguments = Arguments::parse();
    scope::enter();
    // One thread: the environments' processes are started on it and live as long as it does, and the event loop that
    // stands between an event and its answer has no other thread to wait for.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.expect("an event loop needs an epoll and a timer only");
    runtime.block_on(async {
        tokio::select! {
            result = execute(arguments.command) => match result {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) if error.is::<Interrupted>() => {
                    eprintln!("{error}");
                    ExitCode::from(INTERRUPTED)
                }
                Err(error) => {
                    eprintln!("error: {}", in_one_line(&error));
                    ExitCode::FAILURE
                }
            },
            // Whatever runs is dropped on the way out, and every guard ends what it started.
            () = interrupted() => {
                eprintln!("interrupted");
                ExitCode::from(INTERRUPTED)
            }
        }
    })
}

async fn execute(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Run(run) => run.run().await,
        Command::Faults(faults) => faults.run().await,
        Command::Load(load) => load.run().await,
        Command::Ceiling(ceiling) => ceiling.run(),
        Command::Serve(serve) => serve.run().await,
        Command::Tune(tune) => tune.run().await,
        Command::Trace(trace) => trace.run().await,
        Command::Compare(compare) => compare.run(),
        Command::Board(board) => board.run().await,
        Command::New(new) => new.run(),
        Command::Aws(aws) => aws.run().await,
        Command::Doctor(doctor) => doctor.run().await,
    }
}

/// The error and what caused it. Many errors repeat their cause in their own text: that is said once.
fn in_one_line(error: &anyhow::Error) -> String {
    let mut line = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if !line.contains(&cause) {
            let separator = if line.is_empty() { "" } else { ": " };
            line = line + separator + &cause;
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::Arguments;

    #[test]
    fn the_commands_share_arguments_without_contradiction() {
        Arguments::command().debug_assert();
    }
}
