//! Expressions: the corpus in `testdata/expressions`, limits, and what holds for any text.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use fermata_decider::expression::{
    DESCENT_TASKS_MAX, Document, EXPRESSION_DEPTH_MAX, EXPRESSION_LENGTH_MAX, Field, Limit, Lookup,
    PATH_STEPS_MAX, RESOLVED_BYTES_MAX, Rendering, Scope, Source, SystemParameter, Template,
    Unresolved, VISITED_NODES_MAX, add_missing_keys, fill_nulls, fill_secrets, has_secrets,
};
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Map, Value, json};

const CORPUS: [(&str, &str); 7] = [
    ("document", include_str!("../../testdata/expressions/document.json")),
    ("names", include_str!("../../testdata/expressions/names.json")),
    ("paths", include_str!("../../testdata/expressions/paths.json")),
    ("places", include_str!("../../testdata/expressions/places.json")),
    ("scanner", include_str!("../../testdata/expressions/scanner.json")),
    ("templates", include_str!("../../testdata/expressions/templates.json")),
    ("texts", include_str!("../../testdata/expressions/texts.json")),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    document: Value,
    #[serde(default)]
    environment: BTreeMap<String, String>,
    #[serde(default)]
    system: BTreeMap<String, String>,
    #[serde(default)]
    secrets: BTreeMap<String, String>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Case {
    name: String,
    /// The rule of the contract that the case is about.
    rule: String,
    template: Value,
    #[serde(default)]
    expected: Value,
    error: Option<String>,
    /// `source.field` of payloads that are not in memory.
    #[serde(default)]
    unavailable: Vec<String>,
    rendering: Option<String>,
    input_template: Option<Map<String, Value>>,
    /// Secrets are filled in afterwards.
    #[serde(default)]
    hand_off: bool,
}

#[derive(Default)]
struct Fixed {
    document: Value,
    environment: BTreeMap<String, String>,
    system: BTreeMap<String, String>,
    unavailable: BTreeSet<String>,
    rendering: Rendering,
}

fn name_of(source: &Source) -> &str {
    match source {
        Source::Workflow => "workflow",
        Source::Task(name) => name,
    }
}

impl Document for Fixed {
    type Key = String;

    fn lookup(&self, source: &Source, field: Field) -> Lookup<'_, String> {
        let key = format!("{}.{}", name_of(source), field.as_str());
        if self.unavailable.contains(&key) {
            return Lookup::Unavailable(key);
        }
        let found = self.document.get(name_of(source)).and_then(|it| it.get(field.as_str()));
        found.map_or(Lookup::Absent, |value| Lookup::Value(Cow::Borrowed(value)))
    }

    fn task_references(&self) -> Vec<String> {
        let all = self.document.as_object().into_iter().flat_map(Map::keys);
        all.filter(|name| *name != "workflow").cloned().collect()
    }

    fn environment(&self, name: &str) -> Option<String> {
        self.environment.get(name).cloned()
    }

    fn system(&self, parameter: SystemParameter) -> Option<String> {
        self.system.get(parameter.as_str()).cloned()
    }

    fn rendering(&self) -> Rendering {
        self.rendering
    }
}

fn document(value: Value) -> Fixed {
    Fixed { document: value, ..Fixed::default() }
}

/// The outcome of a case in the words of the corpus.
fn outcome(file: &File, case: &Case) -> Result<Value, String> {
    let document = Fixed {
        document: file.document.clone(),
        environment: file.environment.clone(),
        system: file.system.clone(),
        unavailable: case.unavailable.iter().cloned().collect(),
        rendering: match case.rendering.as_deref() {
            Some("java") => Rendering::Java,
            Some(other) => return Err(format!("unknown rendering {other}")),
            None => Rendering::Json,
        },
    };
    let mut written = case.template.clone();
    if let (Some(template), Value::Object(parameters)) = (&case.input_template, &mut written) {
        add_missing_keys(parameters, template);
    }
    let template = Template::parse(&written);
    let mut value = template.resolve(&document).map_err(|unresolved| match unresolved {
        Unresolved::Unavailable(keys) => format!("unavailable: {}", keys.join(", ")),
        Unresolved::Limit(limit) => limit.to_string(),
    })?;
    if let (Some(template), Value::Object(resolved)) = (&case.input_template, &mut value) {
        fill_nulls(resolved, template);
    }
    if case.hand_off {
        assert!(has_secrets(&value), "{}", case.name);
        value = fill_secrets(&value, &|name| file.secrets.get(name).cloned());
    }
    Ok(value)
}

#[test]
fn every_case_of_the_corpus_holds() {
    let mut wrong = Vec::new();
    let mut names = BTreeSet::new();
    for (file_name, text) in CORPUS {
        let file: File = serde_json::from_str(text).expect(file_name);
        for case in &file.cases {
            let expected = match &case.error {
                Some(error) => Err(error.clone()),
                None => Ok(case.expected.clone()),
            };
            let found = outcome(&file, case);
            let name = format!("{file_name}: {} (rule {})", case.name, case.rule);
            if found != expected {
                wrong.push(format!("{name}\n  expected {expected:?}\n  found    {found:?}"));
            }
            assert!(names.insert(name.clone()), "two cases are called {name:?}");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(names.len() >= 80, "the corpus has shrunk to {} cases", names.len());
}

#[test]
fn every_rule_of_the_contract_has_a_case() {
    let mut cited = BTreeSet::new();
    for (file_name, text) in CORPUS {
        let file: File = serde_json::from_str(text).expect(file_name);
        cited.extend(file.cases.into_iter().map(|case| case.rule));
    }
    let mut expected: BTreeSet<String> = (1..=9).map(|rule| format!("7.2.{rule}")).collect();
    expected.extend(["7.1", "7.3", "7.4", "7.5"].map(str::to_owned));
    assert_eq!(cited, expected);
}

#[test]
fn references_are_known_before_resolving() {
    let template = Template::parse(&json!({
        "a": "${t1.output.x} ${t1.output.y} ${workflow.variables.v}",
        "b": ["${t2}", "${t3.output.rows[${workflow.input.n}].id}", "${workflow.env.X}", 1],
        "c": "${t4.output[?(@.x == $.t5.output.y)]} ${CPEWF_TASK_ID} ${t6.nothing} ${}",
    }));
    let scopes: BTreeSet<Scope> =
        template.references().iter().map(|reference| reference.scope.clone()).collect();
    let task = |name: &str| Source::Task(name.to_owned());
    let expected = BTreeSet::from([
        Scope::Field(Source::Workflow, Field::Input),
        Scope::Field(Source::Workflow, Field::Variables),
        Scope::Field(task("t1"), Field::Output),
        Scope::Field(task("t3"), Field::Output),
        Scope::Field(task("t4"), Field::Output),
        Scope::Field(task("t5"), Field::Output),
        Scope::Source(task("t2")),
    ]);
    assert_eq!(scopes, expected);
    assert!(!template.is_constant());
    let whole = Template::parse(&json!("${$..x}"));
    assert_eq!(whole.references().first().map(|it| it.scope.clone()), Some(Scope::Document));
    let constant = Template::parse(&json!({"a": ["$${x}", 1]}));
    assert_eq!(constant.constant(), Some(&json!({"a": ["${x}", 1]})));
    assert!(constant.references().is_empty());
}

fn limit_of(template: &Value, document: &Fixed) -> Option<Limit> {
    match Template::parse(template).resolve(document) {
        Err(Unresolved::Limit(limit)) => Some(limit),
        Err(Unresolved::Unavailable(keys)) => panic!("{keys:?} cannot be missing here"),
        Ok(_) => None,
    }
}

#[test]
fn a_limit_is_an_error_that_names_it() {
    let nested = |levels: usize| json!("${".repeat(levels) + "x" + &"}".repeat(levels));
    let small = document(json!({"workflow": {"input": {"s": "x".repeat(1000)}}}));
    assert_eq!(limit_of(&nested(EXPRESSION_DEPTH_MAX), &small), None);
    let deep = limit_of(&nested(EXPRESSION_DEPTH_MAX + 1), &small);
    assert_eq!(deep, Some(Limit::ExpressionDepth));

    let long = |length: usize| json!(format!("${{a['{}']}}", "x".repeat(length - 5)));
    assert_eq!(limit_of(&long(EXPRESSION_LENGTH_MAX), &small), None);
    let long = limit_of(&long(EXPRESSION_LENGTH_MAX + 1), &small);
    assert_eq!(long, Some(Limit::ExpressionLength));
    let grown = json!(format!("${{a{}}}", "${workflow.input.s}".repeat(20)));
    assert_eq!(limit_of(&grown, &small), Some(Limit::ExpressionLength));

    let steps = |count: usize| json!(format!("${{a{}}}", ".a".repeat(count - 1)));
    assert_eq!(limit_of(&steps(PATH_STEPS_MAX), &small), None);
    assert_eq!(limit_of(&steps(PATH_STEPS_MAX + 1), &small), Some(Limit::PathSteps));
}

#[test]
fn size_and_work_of_a_resolution_are_bounded() {
    let big = document(json!({"workflow": {"input": "x".repeat(RESOLVED_BYTES_MAX / 4)}}));
    let three = json!("${workflow.input}${workflow.input}${workflow.input}");
    assert_eq!(limit_of(&three, &big), None);
    let five = json!(vec!["${workflow.input}"; 5]);
    assert_eq!(limit_of(&five, &big), Some(Limit::ResolvedBytes));
    assert_eq!(
        Limit::ResolvedBytes.to_string(),
        "resolved expressions are larger than 16777216 bytes"
    );

    let row: Vec<u32> = (0..1000).collect();
    let wide = document(json!({"workflow": {"input": {"rows": vec![row; 400]}}}));
    const { assert!(400 * 1000 < VISITED_NODES_MAX) };
    assert_eq!(limit_of(&json!("${workflow.input..nothing}"), &wide), None);
    let thrice = json!(["${workflow.input..a}", "${workflow.input..b}", "${workflow.input..c}"]);
    assert_eq!(limit_of(&thrice, &wide), Some(Limit::VisitedNodes));

    let tasks = |count: usize| {
        let all = (0..count).map(|task| (format!("t{task}"), json!({"output": {"x": task}})));
        document(Value::Object(all.collect()))
    };
    assert_eq!(limit_of(&json!("${$..x}"), &tasks(DESCENT_TASKS_MAX)), None);
    let over = limit_of(&json!("${$..x}"), &tasks(DESCENT_TASKS_MAX + 1));
    assert_eq!(over, Some(Limit::DescentTasks));
}

/// Texts made of the pieces that mean something to the scanner and the path parser.
fn expression_like() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "${",
        "}",
        "$",
        "{",
        "$${",
        "workflow",
        ".input",
        ".output",
        "t1",
        ".x",
        "..",
        "[",
        "]",
        "*",
        "?(",
        "@.x",
        "==",
        "=~ /a/",
        "'",
        "\"",
        "\\",
        "0",
        "-1",
        ":",
        ",",
        ")",
        "(",
        "&&",
        "!",
        ".length()",
        ".sum()",
        " in ",
        "[1,2]",
        " ",
        "é",
        "workflow.secrets.A",
        "workflow.env.A",
        "CPEWF_TASK_ID",
        "${workflow.input.x}",
        "${t1.output[*].x}",
    ]);
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

fn any_document() -> Fixed {
    document(json!({
        "workflow": {"input": {"x": "${t1.output}", "y": [1, {"x": "$${a}"}]}},
        "t1": {"output": [{"x": 1}, {"x": [2]}, "s", null]},
    }))
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in prop_oneof![expression_like(), any::<String>()]) {
        let document = any_document();
        let _ = Template::parse(&json!({"a": [text.clone()]})).resolve(&document);
        let _ = fill_secrets(&json!(text), &|name| Some(name.to_owned()));
        let _ = fermata_decider::expression::script_roots(&text);
    }

    #[test]
    fn a_text_without_expression_resolves_to_itself(text in any::<String>()) {
        prop_assume!(!text.contains("${"));
        let template = Template::parse(&json!({"a": text.clone()}));
        prop_assert!(template.is_constant());
        prop_assert_eq!(template.resolve(&any_document()), Ok(json!({"a": text})));
    }

    #[test]
    fn what_an_expression_resolves_to_is_not_resolved_again(text in expression_like()) {
        let document = document(json!({"workflow": {"input": {"x": text.clone()}}}));
        let alone = Template::parse(&json!("${workflow.input.x}")).resolve(&document);
        prop_assert_eq!(alone, Ok(json!(text.clone())));
        let inside = Template::parse(&json!("<${workflow.input.x}>")).resolve(&document);
        prop_assert_eq!(inside, Ok(json!(format!("<{text}>"))));
    }

    #[test]
    fn everything_unavailable_was_a_reference_or_depends_on_one(text in expression_like()) {
        let template = Template::parse(&json!(text));
        let nothing = Fixed { unavailable: every_payload(), ..any_document() };
        if let Err(Unresolved::Unavailable(keys)) = template.resolve(&nothing) {
            prop_assert!(!keys.is_empty());
            prop_assert!(!template.references().is_empty());
        }
    }
}

fn every_payload() -> BTreeSet<String> {
    ["workflow.input", "workflow.output", "t1.input", "t1.output"].map(str::to_owned).into()
}
