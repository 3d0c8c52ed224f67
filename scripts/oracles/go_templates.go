// What Go's text/template writes for the templates of test/export/ollama-template.test.ts, with the data and the options
// that Ollama (template/template.go) gives it.
//
//	FINE_TUNE_GO_CASES=/tmp/cases.json npx vitest run test/export/ollama-template.test.ts
//	go run scripts/oracles/go_templates.go < /tmp/cases.json > test/export/oracles/go-templates.json
package main

import (
	"encoding/json"
	"os"
	"strings"
	"text/template"
)

type message struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

type oracleCase struct {
	Name     string      `json:"name"`
	Template string      `json:"template"`
	Dialogs  [][]message `json:"dialogs"`
	Written  []string    `json:"written"`
}

func main() {
	var cases []oracleCase
	must(json.NewDecoder(os.Stdin).Decode(&cases))
	for i := range cases {
		parsed, err := template.New("").Option("missingkey=zero").Parse(cases[i].Template)
		must(err)
		cases[i].Written = nil
		for _, dialog := range cases[i].Dialogs {
			var system []string
			messages := []*message{}
			for j := range dialog {
				if dialog[j].Role == "system" {
					system = append(system, dialog[j].Content)
				}
				messages = append(messages, &dialog[j])
			}
			var out strings.Builder
			must(parsed.Execute(&out, map[string]any{
				"System": strings.Join(system, "\n\n"), "Messages": messages, "Tools": []any(nil), "Response": "",
			}))
			cases[i].Written = append(cases[i].Written, out.String())
		}
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	must(encoder.Encode(cases))
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
