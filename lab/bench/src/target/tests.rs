use super::*;

#[test]
fn a_file_is_invoked_by_a_name_that_lambda_allows() {
    let folder = tempfile::tempdir().unwrap();
    let named = |path: &str| {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::copy("/bin/true", &path).unwrap();
        let target = Target::of_file(path.to_str().unwrap(), None).unwrap();
        target.function_name()
    };
    assert_eq!(
        named("target/lambda/05-elasticache/bootstrap"),
        "05-elasticache"
    );
    assert_eq!(named("my function/bootstrap"), "my-function");
    assert_eq!(named("bin/orders"), "orders");
    let long = "x".repeat(100);
    assert_eq!(named(&long), "x".repeat(LONGEST_NAME));
}
