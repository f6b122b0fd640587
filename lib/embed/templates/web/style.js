// The look. Shapes tell the verdicts apart, colour is a second hint.

export function style() {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`
[[ css|trusted -]]
  `);
  return sheet;
}
