import {createApp} from 'vue';
import Discern from './Discern.vue';

createApp(Discern).mount('#app');
