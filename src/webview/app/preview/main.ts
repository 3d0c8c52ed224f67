import '@vscode/codicons/dist/codicon.css';
import '../tokens.css';
import '../base.css';
import './preview.css';
import type { PageApi } from '../app';
import { startPreview } from './app';

declare function acquireVsCodeApi(): PageApi;

startPreview(acquireVsCodeApi(), document.querySelector<HTMLElement>('#preview') ?? document.body);
