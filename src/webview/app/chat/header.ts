import { type SamplingField, limitsText, SAMPLING_FIELDS, samplingValue } from '../../../chat/sampling';
import type { ChatModelState } from '../../chat-protocol';
import { button, iconButton, linkButton, progressRing } from '../components';
import { h, icon, part, setText } from '../dom';
import type { ChatCommands, ChatPart, ChatScene } from './scene';
import { defaultText, modelWords, settingText, sideTitle, systemWords } from './words';

/** Name, models, and (when they are opened) the system prompt and the sampling parameters. */
export function createChatHeader(commands: ChatCommands): ChatPart {
  const head = part('div', { class: 'chat-head' });
  const failure = part('div');
  const models = part('div', { class: 'models' });
  const settings = createSettings(commands);
  return {
    element: h('header', { class: 'chat-top' }, head.element, failure.element, settings.element, models.element),
    update: (scene) => {
      const { state, view } = scene;
      head.render(
        JSON.stringify([state.name, state.models.length, view.shown, view.settings, state.turns.length > 0]),
        () => [
          h('h1', { class: 'grow ellipsis' }, `Chat: ${state.name}`),
          h(
            'div',
            { class: 'tools' },
            state.models.length > 1 && sideChoice(scene, commands),
            iconButton({
              icon: 'settings',
              label: 'System prompt and sampling',
              key: 'settings',
              pressed: view.settings,
              onPress: () => commands.setView({ settings: !view.settings }),
            }),
            iconButton({
              icon: 'clear-all',
              label: 'New conversation',
              key: 'clear',
              onPress: () => commands.act({ type: 'clear' }),
            }),
          ),
        ],
      );
      failure.render(JSON.stringify(state.failure), () => (state.failure ? [failureOf(state.failure, commands)] : []));
      models.render(JSON.stringify([state.models, scene.sides]), () =>
        scene.sides.flatMap((side) => {
          const model = state.models.find((one) => one.side === side);
          return model ? [modelHead(model, state.models.length, commands)] : [];
        }),
      );
      settings.update(scene);
    },
  };
}

const CHOICES = [
  ['both', 'Both', 'Both models answer'],
  ['base', 'Base', 'Only the base model answers'],
  ['tuned', 'Tuned', 'Only the tuned model answers'],
] as const;

function sideChoice({ view }: ChatScene, { setView }: ChatCommands): HTMLElement {
  const choices = CHOICES.map(([value, word, label]) =>
    iconButton({
      ...{ icon: word, word: true, label },
      key: `shown-${value}`,
      pressed: view.shown === value,
      onPress: () => setView({ shown: value }),
    }),
  );
  return h('div', { class: 'segmented', role: 'group', 'aria-label': 'Who answers' }, ...choices);
}

function modelHead(model: ChatModelState, models: number, commands: ChatCommands): HTMLElement {
  const { side, name, state, problem } = model;
  return h(
    'section',
    { class: `model ${state}` },
    h('h2', { class: 'ellipsis' }, sideTitle(side, models), h('span', { class: 'muted' }, ` · ${name}`)),
    h(
      'p',
      { class: 'caption row' },
      state === 'loading' && progressRing('Loading'),
      h('span', { class: 'grow' }, modelWords(model)),
    ),
    problem && failureOf(problem, commands),
  );
}

function failureOf(problem: { readonly message: string; readonly hint: string }, { act }: ChatCommands): HTMLElement {
  return h(
    'div',
    { class: 'message bad', role: 'alert' },
    icon('error', 'bad'),
    h(
      'div',
      {},
      h('p', {}, problem.message),
      problem.hint !== '' && h('p', { class: 'more' }, problem.hint),
      h(
        'p',
        { class: 'after' },
        linkButton('Load again', 'restart', () => act({ type: 'restart' })),
      ),
    ),
  );
}

function createSettings(commands: ChatCommands): ChatPart {
  let scene: ChatScene | undefined;
  const system = h('textarea', {
    id: 'system',
    class: 'text',
    rows: 3,
    placeholder: 'How the model should behave. Empty: the template’s own, or none.',
    'data-key': 'system',
  });
  const setUp = (change: Partial<Pick<ChatScene['state'], 'system' | 'sampling'>>): void => {
    if (scene) commands.act({ type: 'setUp', system: scene.state.system, sampling: scene.state.sampling, ...change });
  };
  system.addEventListener('change', () => setUp({ system: system.value }));
  const fields = SAMPLING_FIELDS.map((field) =>
    createField(field, (value) => scene && setUp({ sampling: { ...scene.state.sampling, [field.key]: value } })),
  );
  const reset = button({
    label: 'Reset',
    icon: 'discard',
    key: 'reset',
    onPress: () => {
      const sampling = scene && { ...scene.state.sampling };
      if (sampling)
        setUp({
          sampling: Object.assign(sampling, Object.fromEntries(SAMPLING_FIELDS.map((one) => [one.key, one.default]))),
        });
    },
  });
  const summary = h('p', { class: 'caption ellipsis' });
  const body = h(
    'section',
    { class: 'settings stack-small' },
    h('div', {}, h('label', { for: 'system', class: 'caption' }, 'System prompt'), system),
    h('div', { class: 'fields' }, ...fields.map(({ element }) => element)),
    h('div', { class: 'row' }, reset, h('span', { class: 'caption' }, 'They count from the next answer.')),
  );
  return {
    element: h('div', {}, summary, body),
    update: (next) => {
      scene = next;
      const { state, view } = next;
      body.hidden = !view.settings;
      summary.hidden = view.settings || state.system.trim() === '';
      setText(summary, `System prompt: ${systemWords(state.system)}`);
      if (document.activeElement !== system && system.value !== state.system) system.value = state.system;
      for (const field of fields) field.update(state.sampling[field.key]);
    },
  };
}

function createField(
  field: SamplingField,
  onChange: (value: number) => void,
): { readonly key: SamplingField['key']; readonly element: HTMLElement; update(value: number): void } {
  const id = `sampling-${field.key}`;
  const input = h('input', {
    id,
    class: 'input number',
    type: 'text',
    inputmode: 'decimal',
    'data-key': id,
    'aria-describedby': `${id}-help`,
  });
  const help = h('p', { id: `${id}-help`, class: 'caption' });
  const element = h('div', { class: 'field', title: field.help }, h('label', { for: id }, field.title), input, help);
  const say = (problem: string | undefined): void => {
    input.setAttribute('aria-invalid', String(problem !== undefined));
    setText(help, problem ?? defaultText(field));
  };
  let last = field.default;
  input.addEventListener('change', () => {
    try {
      const value = samplingValue(field, input.value.replace(',', '.'));
      say(undefined);
      onChange(value);
    } catch {
      // What is wrong stays in sight until it is right.
      say(`Give ${limitsText(field)}.`);
    }
  });
  return {
    key: field.key,
    element,
    update: (value) => {
      element.classList.toggle('changed', value !== field.default);
      if (document.activeElement !== input && (input.value === '' || value !== last)) {
        input.value = settingText(value);
        say(undefined);
      }
      last = value;
      if (help.textContent === '') say(undefined);
    },
  };
}
