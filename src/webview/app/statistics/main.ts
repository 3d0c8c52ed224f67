import '@vscode/codicons/dist/codicon.css';
import '../tokens.css';
import '../base.css';
import './statistics.css';
import type { PageApi } from '../app';
import { startStatistics } from './statistics';

declare function acquireVsCodeApi(): PageApi;

startStatistics(acquireVsCodeApi(), document.querySelector<HTMLElement>('main') ?? document.body);
