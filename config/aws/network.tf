locals {
  own_network  = local.on_ec2 && var.vpc_id == null
  zones_to_use = local.own_network ? setintersection(data.aws_availability_zones.usual[0].names, data.aws_ec2_instance_type_offerings.zones[0].locations) : []
  zones        = slice(sort(local.zones_to_use), 0, local.own_network ? 2 : 0)

  cluster_network = one(data.aws_eks_cluster.airflow[*].vpc_config[0])
  given_vpc       = var.vpc_id != null ? var.vpc_id : try(local.cluster_network.vpc_id, null)
  given_subnets   = var.subnet_ids != null ? var.subnet_ids : tolist(try(local.cluster_network.subnet_ids, []))

  vpc_id           = local.own_network ? one(aws_vpc.own[*].id) : local.given_vpc
  instance_subnet  = local.own_network ? try(aws_subnet.public[0].id, null) : try(local.given_subnets[0], null)
  database_subnets = local.own_network ? aws_subnet.private[*].id : local.given_subnets
}

# Not Local and Wavelength Zones, which lack much, and whose names sort first.
data "aws_availability_zones" "usual" {
  #checkov:skip=CKV_AWS_394:Subnets ignore changes of their zone, so a zone that AWS adds moves nothing.
  count = local.own_network ? 1 : 0
  state = "available"

  filter {
    name   = "opt-in-status"
    values = ["opt-in-not-required"]
  }
}

# Older zones do not offer every instance type: subnets lie where the instance can start.
data "aws_ec2_instance_type_offerings" "zones" {
  count         = local.own_network ? 1 : 0
  location_type = "availability-zone"

  filter {
    name   = "instance-type"
    values = [local.instance_type]
  }
}

data "aws_eks_cluster" "airflow" {
  count = local.on_eks && var.eks_cluster != null ? 1 : 0
  name  = var.eks_cluster
}

resource "aws_vpc" "own" {
  #checkov:skip=CKV2_AWS_11:Nothing can come in and one instance goes out; flow logs would cost more than they tell.
  count                = local.own_network ? 1 : 0
  cidr_block           = "10.87.0.0/24"
  enable_dns_support   = true
  enable_dns_hostnames = true
}

resource "aws_default_security_group" "closed" {
  count  = local.own_network ? 1 : 0
  vpc_id = aws_vpc.own[0].id
}

resource "aws_internet_gateway" "own" {
  count  = local.own_network ? 1 : 0
  vpc_id = aws_vpc.own[0].id
}

resource "aws_subnet" "public" {
  count             = length(local.zones)
  vpc_id            = aws_vpc.own[0].id
  cidr_block        = cidrsubnet(aws_vpc.own[0].cidr_block, 2, count.index)
  availability_zone = local.zones[count.index]
  tags              = { Name = "${var.name}-public-${local.zones[count.index]}" }

  # A zone that AWS adds later must not move what stands.
  lifecycle { ignore_changes = [availability_zone, tags] }
}

resource "aws_subnet" "private" {
  count             = local.on_postgres ? length(local.zones) : 0
  vpc_id            = aws_vpc.own[0].id
  cidr_block        = cidrsubnet(aws_vpc.own[0].cidr_block, 2, count.index + 2)
  availability_zone = local.zones[count.index]
  tags              = { Name = "${var.name}-private-${local.zones[count.index]}" }

  lifecycle { ignore_changes = [availability_zone, tags] }
}

resource "aws_route_table" "public" {
  count  = local.own_network ? 1 : 0
  vpc_id = aws_vpc.own[0].id

  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.own[0].id
  }
}

resource "aws_route_table_association" "public" {
  count          = length(aws_subnet.public)
  subnet_id      = aws_subnet.public[count.index].id
  route_table_id = aws_route_table.public[0].id
}

resource "aws_route_table" "private" {
  count  = local.own_network && local.on_postgres ? 1 : 0
  vpc_id = aws_vpc.own[0].id
}

resource "aws_route_table_association" "private" {
  count          = length(aws_subnet.private)
  subnet_id      = aws_subnet.private[count.index].id
  route_table_id = aws_route_table.private[0].id
}

# Traffic to S3 stays inside AWS and costs nothing. The endpoint is open: Amazon Linux has its packages in S3 too.
resource "aws_vpc_endpoint" "s3" {
  count             = local.own_network ? 1 : 0
  vpc_id            = aws_vpc.own[0].id
  service_name      = "com.amazonaws.${var.region}.s3"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = [aws_route_table.public[0].id]
}

resource "aws_security_group" "collector" {
  count       = local.on_ec2 ? 1 : 0
  name        = "${var.name}-collector"
  description = "Instance of the collector: nothing comes in"
  vpc_id      = local.vpc_id
}

resource "aws_vpc_security_group_egress_rule" "https" {
  count             = local.on_ec2 ? 1 : 0
  security_group_id = aws_security_group.collector[0].id
  description       = "X, AWS and package indexes"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

# Ubuntu's mirrors speak plain HTTP (packages are signed); Amazon Linux needs no port 80.
resource "aws_vpc_security_group_egress_rule" "mirrors" {
  count             = local.on_ec2 && var.operating_system == "ubuntu" ? 1 : 0
  security_group_id = aws_security_group.collector[0].id
  description       = "Mirrors of Ubuntu"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 80
  to_port           = 80
}

resource "aws_vpc_security_group_egress_rule" "database" {
  count                        = local.on_ec2 && local.on_postgres ? 1 : 0
  security_group_id            = aws_security_group.collector[0].id
  description                  = "The state database"
  referenced_security_group_id = aws_security_group.database[0].id
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
}
