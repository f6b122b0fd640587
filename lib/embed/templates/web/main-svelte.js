import {mount} from 'svelte';
import Discern from './Discern.svelte';

mount(Discern, {target: document.getElementById('app')});
