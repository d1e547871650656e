/** What a model file imports from `casement`: the DSL and the families written in it. */
export * from '@casement/dsl';
export * from '@casement/models';
