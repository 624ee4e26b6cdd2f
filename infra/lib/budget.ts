// An e-mail when the account's bill of the month passes a limit. It covers the whole account: a budget of these stacks alone
// would need a cost allocation tag, which an account has to activate a day before.

import { Stack, type StackProps } from 'aws-cdk-lib';
import { CfnBudget } from 'aws-cdk-lib/aws-budgets';
import type { Construct } from 'constructs';

export interface BudgetProps extends StackProps {
    /** USD a month. */
    readonly limit: number;
    readonly email: string;
}

export class Budget extends Stack {
    constructor(scope: Construct, id: string, props: BudgetProps) {
        super(scope, id, props);
        const notification = (notificationType: string, threshold: number): CfnBudget.NotificationWithSubscribersProperty => ({
            notification: { notificationType, comparisonOperator: 'GREATER_THAN', threshold, thresholdType: 'PERCENTAGE' },
            subscribers: [{ subscriptionType: 'EMAIL', address: props.email }],
        });
        new CfnBudget(this, 'Budget', {
            budget: {
                // Budgets have one list for all Regions of an account.
                budgetName: `${this.stackName}-${this.region}`,
                budgetType: 'COST',
                timeUnit: 'MONTHLY',
                budgetLimit: { amount: props.limit, unit: 'USD' },
            },
            notificationsWithSubscribers: [notification('ACTUAL', 80), notification('FORECASTED', 100)],
        });
    }
}
