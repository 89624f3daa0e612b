variable "region" {
  description = "AWS region, such as eu-central-1."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region is the code of an AWS region, such as eu-central-1 or us-gov-west-1."
  }
}

variable "bucket" {
  description = "Name of the S3 bucket to create for the tweets; unique among all accounts of AWS."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.bucket))
    error_message = "bucket has 3 to 63 lower-case letters, digits and hyphens, and begins and ends with a letter or digit (a dot would break TLS)."
  }

  validation {
    condition     = !can(regex("^(xn--|sthree-|amzn-s3-demo-)|(-s3alias|--ol-s3|--x-s3|--table-s3)$", var.bucket))
    error_message = "bucket begins or ends with what S3 keeps for itself, such as xn-- or -s3alias: choose another name."
  }
}

variable "name" {
  description = "Name of this deployment; the names of all resources begin with it."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,29}[a-z0-9]$", var.name)) && !strcontains(var.name, "--")
    error_message = "name has 3 to 31 lower-case letters, digits and single hyphens, begins with a letter and ends with a letter or digit."
  }

  validation {
    condition     = !startswith(var.name, "sg-")
    error_message = "name begins with sg-, which EC2 keeps for the ids of security groups: choose another name."
  }
}

variable "prefix" {
  description = "Folder of the bucket below which everything lies that the collector writes."
  type        = string
  default     = "collector"

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9_.-]*(/[A-Za-z0-9][A-Za-z0-9_.-]*)*$", var.prefix))
    error_message = "prefix is a folder such as collector or x/tweets: letters, digits, _ . - and single slashes inside, none at its ends."
  }

  validation {
    condition     = !contains(["athena", "releases"], split("/", var.prefix)[0])
    error_message = "prefix begins with athena or releases, which hold query results and installed packages: choose another folder."
  }
}

variable "instance" {
  description = "true: the small size, one EC2 instance with Airflow. false: the large size, the executor runs elsewhere."
  type        = bool
  default     = true
}

variable "operating_system" {
  description = "Operating system of the instance: al2023 (Amazon Linux 2023) or ubuntu (24.04 LTS)."
  type        = string
  default     = "al2023"

  validation {
    condition     = contains(["al2023", "ubuntu"], var.operating_system)
    error_message = "operating_system is al2023 or ubuntu."
  }
}

variable "architecture" {
  description = "Processor of the instance: arm64 (Graviton, cheaper) or x86_64."
  type        = string
  default     = "arm64"

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "architecture is arm64 or x86_64."
  }
}

variable "instance_type" {
  description = "EC2 instance type; by default t4g.medium for arm64, t3.medium for x86_64. Airflow needs 4 GB of memory."
  type        = string
  default     = null

  validation {
    condition     = var.instance_type == null || can(regex("^[a-z][a-z0-9-]*\\.[a-z0-9-]+$", var.instance_type))
    error_message = "instance_type is an EC2 instance type, such as t4g.medium."
  }
}

variable "detailed_monitoring" {
  description = "Metrics of the instance each minute instead of every five; about $2 a month."
  type        = bool
  default     = false
}

variable "volume_gb" {
  description = "Size in GB of the volume that holds the state and Airflow's files; it can grow later."
  type        = number
  default     = 20

  validation {
    condition     = var.volume_gb >= 10 && var.volume_gb <= 16384
    error_message = "volume_gb is 10 to 16384."
  }
}

variable "state_snapshot" {
  description = "Snapshot of an EBS volume from which the volume of the state is made; looked at only when it is made."
  type        = string
  default     = null

  validation {
    condition     = var.state_snapshot == null || can(regex("^snap-[0-9a-f]+$", var.state_snapshot))
    error_message = "state_snapshot is the id of a snapshot, such as snap-0a1b2c3d."
  }
}

variable "database" {
  description = "Where the collector's state is kept: sqlite (a file of the instance) or postgres (RDS)."
  type        = string
  default     = "sqlite"

  validation {
    condition     = contains(["sqlite", "postgres"], var.database)
    error_message = "database is sqlite or postgres."
  }
}

variable "database_instance_class" {
  description = "RDS instance class."
  type        = string
  default     = "db.t4g.micro"

  validation {
    condition     = can(regex("^db\\.[a-z0-9-]+\\.[a-z0-9]+$", var.database_instance_class))
    error_message = "database_instance_class is a class of RDS, such as db.t4g.micro."
  }
}

variable "database_multi_az" {
  description = "A second database server in another availability zone, for twice the price."
  type        = bool
  default     = false
}

variable "database_clients" {
  description = "Security groups that may reach the database, beside the instance's or the EKS cluster's."
  type        = list(string)
  default     = []
}

variable "vpc_id" {
  description = "An existing VPC, together with subnet_ids; by default a small one is made (or the EKS cluster's is taken)."
  type        = string
  default     = null

  validation {
    condition     = var.vpc_id == null || can(regex("^vpc-[0-9a-f]+$", var.vpc_id))
    error_message = "vpc_id is the id of a VPC, such as vpc-0a1b2c3d."
  }
}

variable "subnet_ids" {
  description = "Subnets of vpc_id: the first takes the instance and needs a way out to the internet; all, in two availability zones or more, take the database."
  type        = list(string)
  default     = null

  validation {
    condition     = var.subnet_ids == null || (try(length(var.subnet_ids), 0) > 0 && alltrue([for id in coalesce(var.subnet_ids, []) : can(regex("^subnet-[0-9a-f]+$", id))]))
    error_message = "subnet_ids are ids of subnets, such as [\"subnet-0a1b2c3d\", \"subnet-4e5f6a7b\"]."
  }
}

variable "eks_cluster" {
  description = "Large size: the EKS cluster whose pods take the collector's role, through EKS Pod Identity."
  type        = string
  default     = null

  validation {
    condition     = var.eks_cluster == null || can(regex("^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$", var.eks_cluster))
    error_message = "eks_cluster is the name of an EKS cluster, not its ARN."
  }
}

variable "kubernetes_namespace" {
  description = "Large size: the namespace of Airflow's Helm release."
  type        = string
  default     = "airflow"

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", var.kubernetes_namespace))
    error_message = "kubernetes_namespace is a DNS label, such as airflow."
  }
}

variable "kubernetes_service_accounts" {
  description = "Large size: the service accounts that take the collector's role; these are the Helm chart's for a release named airflow."
  type        = list(string)
  default     = ["airflow-worker", "airflow-scheduler", "airflow-api-server", "airflow-dag-processor"]

  validation {
    condition     = length(var.kubernetes_service_accounts) > 0 && alltrue([for name in var.kubernetes_service_accounts : can(regex("^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$", name))])
    error_message = "kubernetes_service_accounts are names of service accounts, such as [\"airflow-worker\"]; at least one."
  }
}

variable "package" {
  description = "A pinned requirement that pip installs on the instance, from the index it asks, instead of the wheel that make wheel builds."
  type        = string
  default     = null

  validation {
    condition     = var.package == null || can(regex("^[A-Za-z0-9._-]+(\\[[A-Za-z0-9,._-]+\\])?==[A-Za-z0-9.+!]+$", var.package))
    error_message = "package is a pinned requirement, such as ours==0.1.0."
  }
}

variable "wheel" {
  description = "Path of a built wheel to install; by default the one in the project's dist/. Terraform puts it below releases/ of the bucket."
  type        = string
  default     = null

  validation {
    condition     = var.wheel == null || try(fileexists(var.wheel) && endswith(var.wheel, ".whl"), false)
    error_message = "wheel is the path of an existing .whl file: `make wheel` in the project makes one."
  }
}
