/** Where the page's files are, as the page itself must address them. */
export interface PageFiles {
  readonly script: string;
  readonly style: string;
  /** Sources of styles and fonts that the policy allows, for example `webview.cspSource`. */
  readonly source: string;
  /** Fresh for every page. */
  readonly nonce: string;
}

export function dashboardHtml(files: PageFiles): string {
  return pageHtml('Fine-tune dashboard', 'dashboard', files);
}

export function previewHtml(files: PageFiles): string {
  return pageHtml('Fine-tune label preview', 'preview', files);
}

export function statisticsHtml(files: PageFiles): string {
  return pageHtml('Fine-tune dataset statistics', 'statistics', files);
}

export function evaluationHtml(files: PageFiles): string {
  return pageHtml('Fine-tune evaluation', 'evaluation', files);
}

export function chatHtml(files: PageFiles): string {
  return pageHtml('Fine-tune chat', 'chat', files);
}

/** A page with one empty element to draw into. Nothing inline runs and nothing is fetched from outside the extension. */
function pageHtml(title: string, root: string, files: PageFiles): string {
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${files.nonce}'`,
    `style-src ${files.source} 'nonce-${files.nonce}'`,
    `font-src ${files.source}`,
  ].join('; ');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escapeAttribute(policy)}">
<!-- The widget toolkit makes one probe style element, and looks here for its nonce. -->
<meta property="csp-nonce" content="${escapeAttribute(files.nonce)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="stylesheet" href="${escapeAttribute(files.style)}">
</head>
<body>
<main id="${root}"></main>
<script nonce="${escapeAttribute(files.nonce)}" src="${escapeAttribute(files.script)}"></script>
</body>
</html>
`;
}

function escapeAttribute(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
}
