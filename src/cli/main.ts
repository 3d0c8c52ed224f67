/** Finds the command, runs it, and turns what goes wrong into a message and an exit code. */
import { version } from '../../package.json';
import { Failure } from '../common/failure';
import { nearest } from '../common/nearest';
import { chatCommand } from './chat';
import { checkCommand } from './check';
import type { Command } from './command';
import { readArguments } from './command';
import { convertCommand } from './convert';
import { dedupeCommand } from './dedupe';
import { demoCommand } from './demo';
import { doctorCommand } from './doctor';
import { downloadCommand } from './download';
import { estimateCommand } from './estimate';
import { evaluateCommand } from './evaluate';
import { exportCommand } from './export';
import { commandHelp, generalHelp } from './help';
import { installRuntimeCommand } from './install-runtime';
import { continueCommand, pauseCommand } from './pause';
import { modelsCommand } from './models';
import { previewCommand } from './preview';
import { resumeCommand } from './resume';
import { runsCommand } from './runs';
import { scoreCommand } from './score';
import { showCommand } from './show';
import { splitCommand } from './split';
import { statisticsCommand } from './statistics';
import { stopCommand } from './stop';
import type { Terminal } from './terminal';
import { styled } from './terminal';
import { trainCommand } from './train';
import { noteText } from './train-view';

export interface Bundles {
  readonly trainerPath: string;
  readonly checkWorkerPath: string;
  /** `media/sample` of this package. */
  readonly samplePath: string;
}

/** @returns the exit code */
export async function main(argv: readonly string[], terminal: Terminal, bundles: Bundles): Promise<number> {
  const commands = [
    checkCommand(bundles.checkWorkerPath),
    previewCommand,
    statisticsCommand(bundles.checkWorkerPath),
    convertCommand,
    splitCommand,
    dedupeCommand,
    estimateCommand,
    trainCommand(bundles.trainerPath),
    stopCommand,
    pauseCommand,
    continueCommand,
    resumeCommand(bundles.trainerPath),
    runsCommand,
    showCommand,
    exportCommand,
    evaluateCommand,
    scoreCommand,
    chatCommand,
    downloadCommand,
    modelsCommand,
    doctorCommand(bundles.trainerPath),
    installRuntimeCommand(bundles.trainerPath),
    demoCommand(bundles),
  ];
  try {
    return await dispatch(argv, terminal, commands);
  } catch (error) {
    const label = styled(terminal.color, 'red', 'error:');
    if (error instanceof Failure) {
      terminal.err(`${noteText(label, error.message, error.hint)}\n`);
      return error.exitCode;
    }
    // Not the user's fault: the stack is what a report of this needs.
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
    terminal.err(`${label} This is a fault of fine-tune ${version}. Please report it with these lines:\n${detail}\n`);
    return 1;
  }
}

async function dispatch(argv: readonly string[], terminal: Terminal, commands: readonly Command[]): Promise<number> {
  const [first, ...rest] = argv;
  if (first === undefined) {
    terminal.err(`${generalHelp(commands)}\n`);
    return 2;
  }
  const named = first === 'help' ? rest[0] : first;
  if (named === undefined || named === '--help' || named === '-h') {
    terminal.out(generalHelp(commands));
    return 0;
  }
  if (named === '--version' || named === '-v') {
    terminal.out(version);
    return 0;
  }
  const command = commands.find((one) => one.name === named);
  if (!command) {
    const near = nearest(
      named,
      commands.map((one) => one.name),
    );
    throw new Failure(
      'usage',
      `There is no command ${named}.${near ? ` Did you mean "fine-tune ${near}"?` : ''}`,
      '"fine-tune --help" lists the commands.',
      2,
    );
  }
  const options = rest.slice(0, rest.includes('--') ? rest.indexOf('--') : undefined);
  if (first === 'help' || options.includes('--help') || options.includes('-h')) {
    terminal.out(commandHelp(command));
    return 0;
  }
  return await command.run(readArguments(command, rest), terminal);
}
