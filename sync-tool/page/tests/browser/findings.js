// Returns what a reader could not see or would stumble over, as sentences.
(() => {
  const found = [];
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  // Colours come in many notations; a pixel has one.
  const pixel = (color, under) => {
    canvas.fillStyle = `rgb(${under.join()})`;
    canvas.fillRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const background = (element) => {
    const above = [];
    for (let at = element; at; at = at.parentElement) above.unshift(at);
    return above.reduce((under, at) => pixel(getComputedStyle(at).backgroundColor, under), [255, 255, 255]);
  };
  const luminance = (color) => {
    const [r, g, b] = color.map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a, b) => {
    const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x);
    return (light + 0.05) / (dark + 0.05);
  };
  let texts = 0;
  const check = (element, pseudo, text) => {
    const under = background(element);
    const ratio = contrast(pixel(getComputedStyle(element, pseudo).color, under), under);
    texts += 1;
    if (ratio < 4.5) found.push(`contrast ${ratio.toFixed(2)} of ${element.className || element.tagName}: ${text}`);
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (node.data.trim() && element.checkVisibility()) check(element, null, node.data.trim().slice(0, 40));
  }
  for (const line of document.querySelectorAll('.l')) {
    if (line.checkVisibility()) check(line, '::before', 'its number');
  }
  if (document.documentElement.scrollWidth > innerWidth) {
    found.push(`the page is ${document.documentElement.scrollWidth} px wide in ${innerWidth}`);
  }
  for (const element of document.querySelectorAll('body *')) {
    const box = element.getBoundingClientRect();
    const isAway = element.closest('pre, .skip') || !element.checkVisibility();
    if (!isAway && box.right > innerWidth + 1) found.push(`${element.tagName}.${element.className} ends at ${box.right}`);
  }
  return { found: [...new Set(found)].slice(0, 20), texts };
})()
