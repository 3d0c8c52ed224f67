/** ChatML; tools and tool calls in the form that Qwen 2.5 and Hermes use, reasoning in that of Qwen 3. */
export const CHATML = `
{%- set ns = namespace(rest=messages, system='') -%}
{%- if messages and messages[0]['role'] == 'system' -%}
  {%- set ns.system = messages[0]['content'] -%}
  {%- set ns.rest = messages[1:] -%}
{%- endif -%}
{%- if tools -%}
  {{- '<|im_start|>system\\n' -}}
  {%- if ns.system -%}{{- ns.system + '\\n\\n' -}}{%- endif -%}
  {{- '# Tools\\n\\nYou may call one or more functions to assist with the user query.\\n\\nYou are provided with function signatures within <tools></tools> XML tags:\\n<tools>' -}}
  {%- for tool in tools -%}{{- '\\n' -}}{{- tool | tojson -}}{%- endfor -%}
  {{- '\\n</tools>\\n\\nFor each function call, return a json object with function name and arguments within <tool_call></tool_call> XML tags:\\n<tool_call>\\n{"name": <function-name>, "arguments": <args-json-object>}\\n</tool_call><|im_end|>\\n' -}}
{%- elif ns.system -%}
  {{- '<|im_start|>system\\n' + ns.system + '<|im_end|>\\n' -}}
{%- endif -%}
{%- for message in ns.rest -%}
  {{- '<|im_start|>' + message['role'] + '\\n' -}}
  {%- if message['reasoning_content'] -%}{{- '<think>\\n' + message['reasoning_content'].strip() + '\\n</think>\\n\\n' -}}{%- endif -%}
  {{- message['content'] -}}
  {%- if message['tool_calls'] -%}
    {%- for call in message['tool_calls'] -%}
      {%- if message['content'] or not loop.first -%}{{- '\\n' -}}{%- endif -%}
      {{- '<tool_call>\\n{"name": "' + call['function']['name'] + '", "arguments": ' -}}
      {{- call['function']['arguments'] | tojson -}}
      {{- '}\\n</tool_call>' -}}
    {%- endfor -%}
  {%- endif -%}
  {{- '<|im_end|>\\n' -}}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\\n' -}}{%- endif -%}
`.trim();
