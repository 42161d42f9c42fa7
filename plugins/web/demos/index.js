import { cards } from './cards.js';

await cards(/** @type {Element} */ (document.getElementById('demos')));
