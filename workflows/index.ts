export { nightlyReport, storeSales } from './nightly-report.ts';
export { orderHandlers } from './order/handlers.ts';
export { orderFulfilment } from './order-fulfilment.ts';
export { salesHandlers } from './sales/handlers.ts';
export { wordCount } from './word-count.ts';
