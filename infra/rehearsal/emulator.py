"""ministack with the four CloudFormation types of infra/ that it has no provisioner for.

The types go into a table with a private name, so that the version is pinned in `run`, and a version that brings one of them
ends this program at once. What a type does is what ministack's own API call does. The one thing that is made up is the
endpoint of RDS Proxy: the address where `run` has a real PostgreSQL listening.
"""

import os

from ministack.app import main
from ministack.services import ec2, rds
from ministack.services.cloudformation.provisioners import _RESOURCE_HANDLERS, _ec2_sg_permissions

DATABASE_HOST = os.environ.pop("REHEARSAL_HOST")


def call(action, parameters):
    """Calls one of ministack's query APIs with `parameters`, lists among them."""
    query = {}
    for name, value in parameters.items():
        if isinstance(value, list):
            query.update({f"{name}.member.{i}": [str(it)] for i, it in enumerate(value, 1)})
        elif value is not None:
            text = str(value).lower() if isinstance(value, bool) else str(value)
            query[name] = [text]
    status, _headers, body = action(query)
    if status >= 300:
        raise ValueError(body if isinstance(body, str) else body.decode())


def rule(direction):
    """The handlers of a rule that stands beside its security group."""

    def create(logical_id, props, stack_name):
        rules = ec2._security_groups[props["GroupId"]][direction]
        rules.extend(_ec2_sg_permissions([props]))
        return f"{stack_name}-{logical_id}", {}

    def delete(physical_id, props):
        group = ec2._security_groups.get(props["GroupId"])
        for it in _ec2_sg_permissions([props]) if group else []:
            if it in group[direction]:
                group[direction].remove(it)

    return {"create": create, "delete": delete}


def create_proxy(logical_id, props, stack_name):
    call(rds._create_db_proxy, {name: value for name, value in props.items() if name != "Tags"})
    proxy = rds._db_proxies[props["DBProxyName"]]
    attributes = {"DBProxyArn": proxy["DBProxyArn"], "Endpoint": DATABASE_HOST, "VpcId": proxy["VpcId"]}
    return props["DBProxyName"], attributes


def delete_proxy(physical_id, props):
    call(rds._delete_db_proxy, {"DBProxyName": physical_id})


def create_targets(logical_id, props, stack_name):
    call(rds._register_db_proxy_targets, {name: value for name, value in props.items() if name != "Tags"})
    arn = rds._db_proxies[props["DBProxyName"]]["TargetGroup"]["TargetGroupArn"]
    return arn, {"TargetGroupArn": arn}


def delete_targets(physical_id, props):
    if rds._db_proxies.get(props["DBProxyName"]):
        names = ("DBProxyName", "TargetGroupName", "DBClusterIdentifiers")
        call(rds._deregister_db_proxy_targets, {name: props[name] for name in names})


missing = {
    "AWS::EC2::SecurityGroupEgress": rule("IpPermissionsEgress"),
    "AWS::EC2::SecurityGroupIngress": rule("IpPermissions"),
    "AWS::RDS::DBProxy": {"create": create_proxy, "delete": delete_proxy},
    "AWS::RDS::DBProxyTargetGroup": {"create": create_targets, "delete": delete_targets},
}
known = sorted(missing.keys() & _RESOURCE_HANDLERS.keys())
if known:
    raise SystemExit(f"this ministack provisions {', '.join(known)} itself: remove it from emulator.py")
_RESOURCE_HANDLERS.update(missing)
main()
