/** Colours and font of the charts. A canvas knows no CSS variables, so they are resolved once for each theme. */
export interface ChartTheme {
  readonly text: string;
  readonly strong: string;
  readonly surface: string;
  readonly grid: string;
  readonly axis: string;
  readonly train: string;
  readonly validation: string;
  readonly best: string;
  readonly limit: string;
  readonly warning: string;
  readonly bad: string;
  readonly rawOpacity: number;
  readonly family: string;
}

export function readTheme(): ChartTheme {
  const probe = document.createElement('span');
  probe.hidden = true;
  document.body.append(probe);
  const color = (variable: string): string => {
    probe.style.color = `var(${variable})`;
    return getComputedStyle(probe).color;
  };
  const theme: ChartTheme = {
    text: color('--fg-muted'),
    strong: color('--fg'),
    surface: color('--surface'),
    grid: color('--c-grid'),
    axis: color('--c-axis'),
    train: color('--c-train'),
    validation: color('--c-valid'),
    best: color('--c-best'),
    limit: color('--c-limit'),
    warning: color('--warn'),
    bad: color('--bad'),
    rawOpacity: Number(getComputedStyle(document.body).getPropertyValue('--raw-opacity')) || 0.34,
    family: getComputedStyle(document.body).fontFamily,
  };
  probe.remove();
  return theme;
}

/** Calls back when VS Code changes the theme: it rewrites the root's style and the body's classes. */
export function onThemeChange(listener: () => void): void {
  const observer = new MutationObserver(listener);
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ['style', 'class'] });
  observer.observe(document.body, { attributes: true, attributeFilter: ['class', 'data-vscode-theme-id'] });
}

export interface TextOptions {
  readonly align?: CanvasTextAlign;
  readonly bold?: boolean;
}

/** Writes 11 px text on a canvas whose pixels are `ratio` to a CSS pixel; `x` and `y` (middle) are canvas pixels. */
export function drawText(
  context: CanvasRenderingContext2D,
  theme: ChartTheme,
  ratio: number,
  text: string,
  x: number,
  y: number,
  color: string,
  options: TextOptions = {},
): number {
  context.font = `${options.bold ? '600 ' : ''}${11 * ratio}px ${theme.family}`;
  context.textAlign = options.align ?? 'left';
  context.textBaseline = 'middle';
  context.fillStyle = color;
  context.fillText(text, x, y);
  return context.measureText(text).width;
}
