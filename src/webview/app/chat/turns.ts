import { type ChatAnswer, type ChatTurn, type Side, isOpen } from '../../../chat/conversation';
import { iconButton, linkButton, progressRing } from '../components';
import { h, icon, part, setText, type Part } from '../dom';
import type { ChatCommands, ChatPart, ChatScene } from './scene';
import { textEditor } from './text-editor';
import { answerWords, sideTitle } from './words';

/** The conversation: what was asked, and below it the answers side by side. */
export function createTurns(commands: ChatCommands): ChatPart {
  const empty = part('div', { class: 'nothing' });
  const list = h('ol', { class: 'turns' });
  const drawn: ReturnType<typeof createTurn>[] = [];
  return {
    element: h('section', { class: 'conversation', 'aria-label': 'Conversation' }, empty.element, list),
    update: (scene) => {
      const { turns, models } = scene.state;
      empty.render(String([turns.length === 0, models.length]), () =>
        turns.length === 0 ? [emptyWords(models.length)] : [],
      );
      while (drawn.length > turns.length) drawn.pop()!.element.remove();
      while (drawn.length < turns.length) {
        const turn = createTurn(drawn.length, commands);
        drawn.push(turn);
        list.append(turn.element);
      }
      turns.forEach((turn, i) => drawn[i]!.update(turn, scene));
    },
  };
}

function emptyWords(models: number): HTMLElement {
  return h(
    'p',
    { class: 'muted' },
    models > 1
      ? 'Both models get your message. Each goes on with its own answers, so their conversations may part.'
      : 'Write a message below.',
  );
}

function createTurn(
  at: number,
  commands: ChatCommands,
): { readonly element: HTMLElement; update(turn: ChatTurn, scene: ChatScene): void } {
  const user = part('div', { class: 'user' });
  const answers = h('div', { class: 'answers' });
  const cells = new Map<Side, ReturnType<typeof createAnswer>>();
  return {
    element: h('li', { class: 'turn' }, user.element, answers),
    update: (turn, scene) => {
      const editing = scene.view.editing?.turn === at;
      user.render(JSON.stringify([turn.user, editing, editing && scene.sides]), () =>
        editing ? [editor(turn.user, at, scene, commands)] : message(turn.user, at, commands),
      );
      const sides = scene.sides.filter((side) => turn.answers[side]);
      for (const [side, cell] of cells)
        if (!sides.includes(side)) {
          cell.element.remove();
          cells.delete(side);
        }
      for (const side of sides) {
        const cell = cells.get(side) ?? createAnswer(at, side, commands);
        cells.set(side, cell);
        cell.update(turn.answers[side]!, scene);
      }
      const wanted = scene.sides.flatMap((side) => cells.get(side)?.element ?? []);
      if (wanted.some((element, i) => answers.children[i] !== element)) answers.replaceChildren(...wanted);
      answers.classList.toggle('two', scene.sides.length > 1);
    },
  };
}

function message(text: string, at: number, { act, setView }: ChatCommands): HTMLElement[] {
  return [
    h(
      'div',
      { class: 'line' },
      h('h3', { class: 'caption' }, 'You'),
      h(
        'span',
        { class: 'tools' },
        iconButton({
          icon: 'edit',
          label: 'Edit, and go on from here',
          key: `edit-${at}`,
          onPress: () => setView({ editing: { turn: at, text } }),
        }),
        iconButton({ icon: 'copy', label: 'Copy', key: `copy-${at}`, onPress: () => act({ type: 'copy', text }) }),
      ),
    ),
    h('p', { class: 'said-text' }, text),
  ];
}

function editor(before: string, at: number, scene: ChatScene, commands: ChatCommands): HTMLElement {
  const { editing } = scene.view;
  const send = (text: string): void => {
    commands.setView({ editing: null });
    commands.act({ type: 'edit', turn: at, text, sides: scene.sides });
  };
  return textEditor({
    key: `editor-${at}`,
    label: 'Message',
    text: editing?.text ?? before,
    accept: 'Send',
    acceptIcon: 'send',
    note: 'What followed is forgotten.',
    enterAccepts: true,
    onText: (text) => commands.remember({ editing: { turn: at, text } }),
    onAccept: send,
    onCancel: () => commands.setView({ editing: null }),
  });
}

function createAnswer(
  at: number,
  side: Side,
  commands: ChatCommands,
): { readonly element: HTMLElement; update(answer: ChatAnswer, scene: ChatScene): void } {
  const head = h('h3', { class: 'caption only-narrow' });
  const text = h('div', { class: 'said-text' });
  const problem = part('div');
  const line = part('div', { class: 'line' });
  const saver = part('div');
  return {
    element: h('article', { class: `answer ${side}` }, head, text, saver.element, problem.element, line.element),
    update: (answer, scene) => {
      const { state, view } = scene;
      const saving = view.saving?.turn === at && view.saving.side === side ? view.saving : undefined;
      setText(head, sideTitle(side, state.models.length));
      setText(text, answer.text);
      text.hidden = answer.text === '' || saving !== undefined;
      problem.render(JSON.stringify(answer.problem), () => (answer.problem ? [problemOf(answer.problem)] : []));
      const last = at === state.turns.length - 1 && !scene.busy;
      const words = answerWords(answer);
      line.render(
        JSON.stringify([words, answer.state, last, saving !== undefined, answer.state === 'done' && answer.text]),
        () => [
          isOpen(answer) && progressRing(words),
          h(
            'span',
            { class: 'caption grow' },
            answer.state === 'done' && answer.text.trim() === '' ? `No text · ${words}` : words,
          ),
          h(
            'span',
            { class: 'tools' },
            ...(isOpen(answer) || saving ? [] : answerTools(at, side, answer, last, commands)),
          ),
        ],
      );
      renderSaver(saver, saving, commands);
    },
  };
}

function answerTools(
  at: number,
  side: Side,
  { text }: ChatAnswer,
  last: boolean,
  { act, setView }: ChatCommands,
): HTMLElement[] {
  const key = `${at}-${side}`;
  const again = iconButton({
    icon: 'refresh',
    label: 'Answer again, with another seed',
    key: `again-${key}`,
    onPress: () => act({ type: 'regenerate', side }),
  });
  if (text.trim() === '') return last ? [again] : [];
  return [
    ...(last ? [again] : []),
    iconButton({ icon: 'copy', label: 'Copy', key: `copy-${key}`, onPress: () => act({ type: 'copy', text }) }),
    linkButton('Add to dataset', `save-${key}`, () => setView({ saving: { turn: at, side, text } })),
  ];
}

function renderSaver(saver: Part, saving: ChatScene['view']['saving'] | undefined, commands: ChatCommands): void {
  saver.render(String(saving && `${saving.turn} ${saving.side}`), () => {
    if (!saving) return [];
    return [
      textEditor({
        key: 'saver',
        label: 'Answer to learn from',
        text: saving.text,
        accept: 'Add to dataset…',
        acceptIcon: 'add',
        note: 'With the messages before it. Only this answer is trained.',
        enterAccepts: false,
        onText: (text) => commands.remember({ saving: { ...saving, text } }),
        onAccept: (text) => commands.act({ type: 'save', turn: saving.turn, side: saving.side, text }),
        onCancel: () => commands.setView({ saving: null }),
      }),
    ];
  });
}

function problemOf({ message: words, hint }: { readonly message: string; readonly hint: string }): HTMLElement {
  return h(
    'div',
    { class: 'message bad', role: 'alert' },
    icon('error', 'bad'),
    h('div', {}, h('p', {}, words), hint !== '' && h('p', { class: 'more' }, hint)),
  );
}
