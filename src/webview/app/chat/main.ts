import '@vscode/codicons/dist/codicon.css';
import '../tokens.css';
import '../base.css';
import './chat.css';
import type { PageApi } from '../app';
import { startChat } from './chat';

declare function acquireVsCodeApi(): PageApi;

startChat(acquireVsCodeApi(), document.querySelector<HTMLElement>('main') ?? document.body);
