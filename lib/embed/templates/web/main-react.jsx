import {createRoot} from 'react-dom/client';
import Discern from './Discern.jsx';

createRoot(document.getElementById('app')).render(<Discern />);
