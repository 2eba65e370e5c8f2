import { moved, serveTasks } from '../host/tasks.ts';
import { render } from './render.ts';
import type { Chart } from './theme.ts';

serveTasks({
  render: async (chart: Chart) => {
    const rendered = await render(chart);
    return moved(rendered, [rendered.spec.buffer, rendered.png.buffer, rendered.html.buffer]);
  },
});
