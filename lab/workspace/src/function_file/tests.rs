use super::*;

fn parse(text: &str) -> Result<FunctionFile> {
    FunctionFile::parse(text, Path::new("/somewhere/orders/function.toml"))
}

fn error(text: &str) -> String {
    format!("{:#}", parse(text).unwrap_err())
}

#[test]
fn an_empty_file_is_a_function_with_lambdas_own_defaults() {
    let file = parse("").unwrap();
    assert_eq!((file.name.as_str(), file.memory), ("orders", 128));
    assert_eq!(file.code, Path::new("/somewhere/orders"));
    assert_eq!((file.timeout, file.services().len()), (3, 0));
}

#[test]
fn an_unknown_key_is_told_with_its_line_and_the_nearest_known_one() {
    let error = error("name = \"a\"\nmemroy = 256\n");
    assert!(error.contains("line 2"), "{error}");
    assert!(error.contains("did you mean `memory`?"), "{error}");
}

#[test]
fn a_wrong_type_is_told_with_its_line() {
    let error = error("memory = \"much\"\n");
    assert!(
        error.contains("line 1") && error.contains("memory"),
        "{error}"
    );
}

#[test]
fn a_reference_to_nothing_is_told_with_the_key_and_what_is_known() {
    let error = error("[database]\n[variables]\nHOST = \"{databse.endpoint}\"\n");
    assert!(error.contains("variables.HOST"), "{error}");
    assert!(
        error.contains("did you mean {database.endpoint}? Known here"),
        "{error}"
    );
    assert!(
        self::error("[variables]\nHOST = \"{database.endpoint}\"\n")
            .contains("no [database], no cache"),
    );
}

#[test]
fn what_lambda_does_not_have_is_refused() {
    for (text, told) in [
        ("memory = 64", "128 to 10240"),
        ("timeout = 901", "1 to 900 s"),
        ("runtime = \"python\"", "like \"index.handler\""),
        ("runtime = \"ruby\"", "unknown variant `ruby`"),
        ("name = \"a b\"", "letters, digits"),
        ("[[events]]\nrequest = \"orders\"", "a method and a path"),
        ("[[events]]\nweight = 2", "either request"),
        (
            "[[events]]\nrequest = \"GET /\"\npointers = { a = 1 }",
            "must begin with /",
        ),
        ("layers = [\"none\"]", "must be a folder or a zip"),
        ("[[events]]\nfile = \"none.json\"", "cannot read"),
    ] {
        let error = error(text);
        assert!(error.contains(told), "{text}: {error}");
    }
}

#[test]
fn a_wrong_event_is_told_with_its_line() {
    let error = error("[[events]]\nrequest = \"GET /\"\n\n[[events]]\nrequest = \"orders\"\n");
    assert!(
        error.contains("the event in function.toml, line 4: request = \"orders\""),
        "{error}"
    );
    let inline = "\nevents = [\n  { request = \"GET /\" },\n  { request = \"GET /a\" },\n]\n";
    let places = parse(inline).unwrap().events.into_iter();
    let places: Vec<String> = places.map(|event| event.place).collect();
    assert_eq!(places, ["function.toml, line 3", "function.toml, line 4"]);
}

#[test]
fn a_parameter_is_plain_or_secure() {
    let file = parse("[parameters]\n\"/a\" = \"b\"\n\"/c\" = { secure = \"d\" }\n").unwrap();
    assert_eq!(file.parameters["/a"], ParameterEntry::Plain("b".to_owned()));
    let secure = ParameterEntry::Secure {
        secure: "d".to_owned(),
    };
    assert_eq!(file.parameters["/c"], secure);
    let error = error("[parameters]\n\"/c\" = { secret = \"d\" }\n");
    assert!(
        error.contains("line 2") && error.contains("{ secure = \"a text\" }"),
        "{error}"
    );
}

#[test]
fn a_crate_says_what_the_file_leaves_out() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write(
        "Cargo.toml",
        "[package]\nname = \"orders\"\nedition = \"2024\"\n[[bin]]\nname = \"orders\"\npath = \"main.rs\"\n\
         [package.metadata.lambda.deploy]\nmemory = 512\nenv = { A = \"deploy\", B = \"deploy\" }\n[workspace]\n",
    );
    write("main.rs", "fn main() {}");
    let found = || FunctionFile::at(folder.path()).unwrap();
    let file = FunctionFile::load(&found()).unwrap();
    assert_eq!((file.name.as_str(), file.memory), ("orders", 512));
    assert!(file.project.is_some());

    write(FILE_NAME, "memory = 128\n[variables]\nA = \"file\"\n");
    let file = FunctionFile::load(&found()).unwrap();
    assert_eq!((file.name.as_str(), file.memory), ("orders", 128));
    let of = |name: &str| file.variables[name].as_str();
    assert_eq!((of("A"), of("B")), ("file", "deploy"));

    write("bootstrap", "");
    write(FILE_NAME, "name = \"orders\"\n");
    assert!(FunctionFile::load(&found()).unwrap().project.is_none());
}

#[test]
fn references_are_replaced_and_other_braces_stay() {
    let of = |name: &str| Ok(format!("<{name}>"));
    let expanded = expand(r#"{"a":{}} {database.endpoint}:{x} {"#, of).unwrap();
    assert_eq!(expanded, r#"{"a":{}} <database.endpoint>:{x} {"#);
}
