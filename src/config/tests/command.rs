//! Command lines and their placeholders.

use crate::config::{CommandTemplate, Placeholders};

const VALUES: Placeholders<'_> = Placeholders { lane: "api", run_id: "RID-1", workspace: "/w s" };

fn template(words: &[&str]) -> CommandTemplate {
    CommandTemplate::new(words.iter().map(|word| (*word).to_owned()).collect()).unwrap()
}

fn filled(word: &str) -> String {
    template(&[word]).argv(VALUES).remove(0)
}

#[test]
fn placeholders_are_filled_in_and_words_stay_words() {
    let command = template(&["{workspace}/run", "--lane={lane}", "{run_id}{lane}", "plain"]);
    assert_eq!(command.argv(VALUES), ["/w s/run", "--lane=api", "RID-1api", "plain"]);
}

#[test]
fn what_is_filled_in_is_not_looked_at_again() {
    let values = Placeholders { lane: "{run_id}", ..VALUES };
    assert_eq!(template(&["{lane}"]).argv(values), ["{run_id}"]);
}

#[test]
fn other_braces_are_the_programs_own() {
    for word in ["${lane}", "{print}", "{}", "{", "{lane", "{ lane }", "{\"lane\":1}", "é{é}"] {
        assert_eq!(filled(word), word);
    }
    assert_eq!(filled("{{lane}"), "{api");
}

#[test]
fn a_command_needs_a_program() {
    assert_eq!(CommandTemplate::new(Vec::new()), None);
    assert_eq!(CommandTemplate::new(vec![String::new(), "x".to_owned()]), None);
}

#[test]
fn the_program_varies_only_by_lane_or_run() {
    assert!(template(&["bin/{lane}"]).program_varies());
    assert!(template(&["bin/{run_id}"]).program_varies());
    assert!(!template(&["{workspace}/bin", "{lane}"]).program_varies());
}

fn launched(line: &str) -> Result<Vec<String>, String> {
    CommandTemplate::from_launch_template(line).map(|command| command.words().to_vec())
}

#[test]
fn a_slash_command_is_a_prompt_for_the_agent() {
    let line = "/dos-dispatch-loop --lane {lane}";
    assert_eq!(launched(line).unwrap(), ["claude", "-p", line]);
    assert_eq!(launched(line).unwrap(), CommandTemplate::default().words());
    assert_eq!(launched("/usr/bin/agent {lane}").unwrap(), ["/usr/bin/agent", "{lane}"]);
}

#[test]
fn a_launch_line_is_split_as_a_shell_would() {
    assert_eq!(
        launched(r#"claude -p  "/loop --lane {lane}" 'a "b"' c\ d '' e"f"g "h\i\"j""#).unwrap(),
        ["claude", "-p", "/loop --lane {lane}", "a \"b\"", "c d", "", "efg", "h\\i\"j"]
    );
}

#[test]
fn a_launch_line_that_cannot_be_split_is_refused() {
    assert!(launched("agent \"{lane}").unwrap_err().contains("not closed"));
    assert!(launched("agent {lane} \\").unwrap_err().contains("backslash"));
    assert!(launched("  ").unwrap_err().contains("empty"));
    assert!(launched("'' {lane}").unwrap_err().contains("no program"));
}
