// What a photo may be, and how it is opened; a server that renders the page knows none of these.

import {[[ opened|trusted ]]} from './photo.js';

export const sources = () => [
[[ pairs|trusted ]]
];
