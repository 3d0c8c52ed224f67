/** Entry of the dataset language server, a process of its own. Its transport is named on its command line. */
import { createConnection } from 'vscode-languageserver/node';
import { serveDatasets } from './session';

serveDatasets(createConnection());
