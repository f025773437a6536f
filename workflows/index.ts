export { nightlyReport, storeSales } from './nightly-report.ts';
export { orderFulfilment } from './order-fulfilment.ts';
export { wordCount } from './word-count.ts';
