import '@vscode/codicons/dist/codicon.css';
import '../tokens.css';
import '../base.css';
import './evaluation.css';
import type { PageApi } from '../app';
import { startEvaluation } from './evaluation';

declare function acquireVsCodeApi(): PageApi;

startEvaluation(acquireVsCodeApi(), document.querySelector<HTMLElement>('main') ?? document.body);
