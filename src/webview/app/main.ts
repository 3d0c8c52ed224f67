import 'uplot/dist/uPlot.min.css';
import '@vscode/codicons/dist/codicon.css';
import './tokens.css';
import './base.css';
import './dashboard.css';
import { startApp, type PageApi } from './app';

declare function acquireVsCodeApi(): PageApi;

startApp(acquireVsCodeApi(), document.querySelector<HTMLElement>('#dashboard') ?? document.body);
