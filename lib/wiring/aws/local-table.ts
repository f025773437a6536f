/** Makes the table where no infrastructure does: on a stand-in for DynamoDB. */
export { createTable as createLocalTable } from '../../adapters/dynamodb/create-table.ts';
