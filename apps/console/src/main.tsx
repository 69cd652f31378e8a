import './style.css';

import { render } from 'preact';

import { App } from './app.js';
import { followLinks } from './routing/route.js';

followLinks();
const root = document.getElementById('app');
if (root) render(<App />, root);
